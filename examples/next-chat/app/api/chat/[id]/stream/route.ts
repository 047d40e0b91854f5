import { cancelTask, resumeTask } from 'ai-task-stream/server';
import { after } from 'next/server';
import { keepAnswer } from '../../../../../lib/keep-answer';
import { streamContext } from '../../../../../lib/stream-context';

interface Context {
  params: Promise<{ id: string }>;
}

/** Follows an answer that is being written: that of the task `?taskId=`, else the chat's newest. */
export async function GET(request: Request, { params }: Context): Promise<Response> {
  const { id: chatId } = await params;
  return resumeTask({
    chatId,
    taskId: parameterOf(request, 'taskId'),
    request,
    streamContext,
    // Keeps an answer whose own process was lost before it could keep the answer.
    onSettle: keepAnswer,
    waitUntil: after,
  }).toResponse();
}

/** Asks the task that writes the answer to stop. */
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
