import type { TaskStream } from 'ai-task-stream/ui';

/** What a page shows of a task in the end, besides ids, times and attempts. */
export function shownOf(stream: TaskStream) {
  const { status, result, partials, logs, steps, percent, message } = stream.getState();
  const parts = message.parts.map((part) => {
    if (part.type === 'text') return part.text;
    if ('toolCallId' in part) return { ...part };
    return part.type;
  });
  const lines = logs.map(({ index, message: line }) => [index, line]);
  return { status, result, partials, lines, steps, percent, parts };
}

export type ShownTask = ReturnType<typeof shownOf>;
