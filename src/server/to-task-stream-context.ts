import { TaskError } from '../protocol/task-error';
import { checkedContext } from './log/checked-context';
import { drainableContext } from './log/drainable-context';
import { processWide } from './log/process-wide';
import type { ResumableStreamContext } from './log/resumable-stream-context';
import type { TaskStreamContext } from './log/task-stream-context';
import { liveLog } from './memory/memory-retention';
import { createMemoryState } from './memory/memory-state';
import { createMemoryContext } from './memory/memory-stream-context';
import { createLiveContext } from './resumable/live-context';

/**
 * How long the producer's process remembers a task that has settled, in milliseconds, for its own
 * response, which may be asked for late. After this time only the wrapped context has the task.
 */
const settledMs = 60_000;

type Contexts = WeakMap<ResumableStreamContext, TaskStreamContext>;

/** @throws TaskError `invalid-options`. */
function checkIsContext(value: unknown): void {
  const { open, read, createNewResumableStream } = Object(value);
  if ([open && read, createNewResumableStream].some((member) => typeof member === 'function'))
    return;
  throw new TaskError({
    code: 'invalid-options',
    message:
      '`streamContext` is none. Pass what `createRedisStreamContext()`, `createMemoryStreamContext()` or `createResumableStreamContext()` gave you, or leave it out.',
  });
}

/**
 * The `TaskStreamContext` around a `ResumableStreamContext`, the same one each time. A
 * `TaskStreamContext` is returned as it is.
 *
 * @throws TaskError `invalid-options` when the value is neither.
 */
export function toTaskStreamContext(
  context: TaskStreamContext | ResumableStreamContext,
): TaskStreamContext {
  checkIsContext(context);
  if (!('createNewResumableStream' in context)) return context;
  const contexts = processWide('resumable-stream.v1', (): Contexts => new WeakMap());
  let wrapped = contexts.get(context);
  if (!wrapped) {
    const state = createMemoryState();
    const own = createMemoryContext(state, { retentionMs: settledMs });
    const ownLog = (taskId: string) => liveLog(state, taskId);
    const live = checkedContext(createLiveContext({ context, own, ownLog }));
    wrapped = drainableContext(live, state.control);
    contexts.set(context, wrapped);
  }
  return wrapped;
}
