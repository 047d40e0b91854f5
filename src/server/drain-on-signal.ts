import { TaskError } from '../protocol/task-error';
import type { DrainOptions } from './log/draining';
import type { ResumableStreamContext } from './log/resumable-stream-context';
import type { TaskStreamContext } from './log/task-stream-context';
import { checkDurations } from './time/check-durations';
import { toTaskStreamContext } from './to-task-stream-context';

/** Options of `drainOnSignal`. */
export interface DrainOnSignalOptions extends DrainOptions {
  /** The signals at which draining begins. Default: `SIGTERM`. */
  signals?: readonly string[];
  /**
   * Called once the contexts are drained: the place to close the server, and to end the process if
   * nothing else does.
   */
  onDrained?: () => Promise<void> | void;
}

/** What is needed of Node's `process`. */
interface Signals {
  on(signal: string, listener: () => void): unknown;
  off(signal: string, listener: () => void): unknown;
}

/** The process, where it gets signals. Next.js' edge runtime throws at the mere look at `process.on`. */
function findSignals(): Signals | undefined {
  const { EdgeRuntime, process } = globalThis as { EdgeRuntime?: string; process?: Signals };
  const isNode = EdgeRuntime === undefined && typeof process?.on === 'function';
  return isNode ? process : undefined;
}

type DrainedContext = TaskStreamContext | ResumableStreamContext;

/** @throws TaskError `invalid-options`. */
function drainOf(context: DrainedContext): NonNullable<TaskStreamContext['drain']> {
  const { drain } = toTaskStreamContext(context);
  if (drain) return drain;
  throw new TaskError({
    code: 'invalid-options',
    message: 'This `streamContext` cannot be drained. Wrap it with `drainableContext`.',
  });
}

/**
 * Drains stream contexts when the process is told to end, such as by a deploy: hands their tasks over
 * to other processes, or ends them, and then ends their responses. Call it once, where the process
 * starts; a second call does no harm.
 *
 * It never ends the process. Node does not do so either once somebody listens to a signal, so end it in
 * `onDrained` unless the host does. Where there are no signals, as in edge runtimes, it does nothing.
 *
 * @returns A function that undoes it.
 * @throws TaskError `invalid-options`.
 */
export function drainOnSignal(
  contexts: DrainedContext | readonly DrainedContext[],
  { signals = ['SIGTERM'], timeoutMs, onDrained }: DrainOnSignalOptions = {},
): () => void {
  checkDurations({ timeoutMs: { value: timeoutMs, least: 0 } });
  const drains = [contexts].flat().map(drainOf);
  const process = findSignals();
  if (!process) return () => {};

  let hasBegun = false;
  const drain = () => {
    // A second signal changes nothing.
    if (hasBegun) return;
    hasBegun = true;
    Promise.all(drains.map((drainOne) => drainOne({ timeoutMs })))
      .then(() => onDrained?.())
      .catch((error: unknown) => console.error('ai-task-stream: `onDrained` threw:', error));
  };
  for (const signal of signals) process.on(signal, drain);
  return () => {
    for (const signal of signals) process.off(signal, drain);
  };
}
