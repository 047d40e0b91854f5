import type { UIMessageChunk } from 'ai';
import { streamTask, type TaskStreamContext } from 'ai-task-stream/server';
import { createDeferred } from '../helpers/async';
import { createId } from '../helpers/tasks';

export const delta = (text: string): UIMessageChunk => ({
  type: 'text-delta',
  id: 't',
  delta: text,
});

export const toolInput: UIMessageChunk = {
  type: 'tool-input-available',
  toolCallId: 'call',
  toolName: 'search',
  input: {},
};

/** Runs a task whose text is open, a word in each phase, until the gates are opened one by one. */
export function startPhases(
  streamContext: TaskStreamContext,
  { heartbeatMs, graceMs }: { heartbeatMs: number; graceMs?: number },
) {
  const taskId = createId();
  const gates = [createDeferred(), createDeferred(), createDeferred()];
  let runs = 0;
  const task = streamTask({
    streamContext,
    taskId,
    heartbeatMs,
    graceMs,
    execute: async ({ writer, task: reporter }) => {
      runs += 1;
      writer.write({ type: 'text-start', id: 't' });
      for (const [index, word] of ['one ', 'two ', 'three '].entries()) {
        reporter.progress({ value: index, total: 3 });
        writer.write(delta(word));
        if (index === 1) writer.write(toolInput);
        await gates[index]?.promise;
      }
      writer.write({ type: 'tool-output-available', toolCallId: 'call', output: 1 });
      writer.write(delta('four'));
      return 'done';
    },
  });
  return { taskId, gates, task, runCount: () => runs };
}
