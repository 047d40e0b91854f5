import { resumeTask, streamTask } from 'ai-task-stream/server';

/** Stands for your bucket. */
const files = new Map<string, Blob>();

/** A file comes in as a form; the result is the address of the file that was made of it. */
export async function POST(request: Request): Promise<Response> {
  const upload = (await request.formData()).get('file');
  if (!(upload instanceof File)) return new Response('Send a form with a `file`.', { status: 400 });
  return streamTask({
    name: 'sort-lines',
    execute: async ({ task, signal }) => {
      const lines = (await upload.text()).trimEnd().split('\n');
      task.log(`${upload.name} has ${lines.length} lines.`);
      signal.throwIfAborted();
      const fileId = crypto.randomUUID();
      files.set(fileId, new Blob([`${lines.sort().join('\n')}\n`], { type: 'text/plain' }));
      // No bytes in a result: every reader of the task gets it, with each replay.
      return { href: `?fileId=${fileId}`, lines: lines.length };
    },
  }).toResponse();
}

/** `?fileId=` downloads; `?taskId=` follows the task, as a task's route does. */
export async function GET(request: Request): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const fileId = searchParams.get('fileId');
  if (!fileId)
    return resumeTask({ taskId: searchParams.get('taskId') ?? '', request }).toResponse();
  const file = files.get(fileId);
  if (!file) return new Response('There is no such file.', { status: 404 });
  return new Response(file, {
    headers: { 'content-disposition': 'attachment; filename="sorted.txt"' },
  });
}
