import { cancelTask, resumeTask } from 'ai-task-stream/server';
import { after } from 'next/server';
import { keepAnswer } from '../../../../../lib/keep-answer';
import { streamContext } from '../../../../../lib/stream-context';

interface Context {
  params: Promise<{ id: string }>;
}

/** Follows the answer that is being written: the one that `?taskId=` names, else the newest. */
export async function GET(request: Request, { params }: Context): Promise<Response> {
  const { id: chatId } = await params;
  return resumeTask({
    chatId,
    taskId: parameterOf(request, 'taskId'),
    request,
    streamContext,
    // For one whose process was lost, and could not keep it.
    onSettle: keepAnswer,
    waitUntil: after,
  }).toResponse();
}

/** Asks it to stop. */
export async function DELETE(request: Request, { params }: Context): Promise<Response> {
  const { id: chatId } = await params;
  const cancelled = await cancelTask({
    chatId,
    taskId: parameterOf(request, 'taskId'),
    reason: parameterOf(request, 'reason'),
    streamContext,
  });
  return Response.json({ cancelled });
}

function parameterOf(request: Request, name: string): string | undefined {
  return new URL(request.url).searchParams.get(name) ?? undefined;
}
