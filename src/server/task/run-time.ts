/** How long a process may run a task. */
export interface RunTimeOptions {
  /** How long this process may still run the task, in milliseconds. Default: for as long as it takes. */
  runMs?: number | undefined;
  /**
   * Whether that is what is left of an invocation, after which the host stops this process: then it is
   * the time of all attempts here, and not of each. Default false.
   */
  isInvocation?: boolean | undefined;
}

/** The time that a process has for the attempts at a task. */
export interface RunTime {
  /** How long the next attempt may run, in milliseconds; `undefined` for as long as it takes. */
  forAttempt(): number | undefined;
  /** To be called when an attempt has had to end because its time was over. */
  noteOver(): void;
  /** Whether there is time for one more attempt: an invocation has to have half of its own left. */
  allowsAnother(): boolean;
}

/** Creates the time of a task; of an invocation, it begins now. */
export function createRunTime({ runMs, isInvocation = false }: RunTimeOptions): RunTime {
  if (runMs === undefined || !isInvocation) {
    return { forAttempt: () => runMs, noteOver() {}, allowsAnother: () => true };
  }
  const startedAt = performance.now();
  const leftMs = () => runMs - (performance.now() - startedAt);
  // Timers may fire a little early.
  let isOver = false;
  return {
    forAttempt: () => Math.max(0, leftMs()),
    noteOver() {
      isOver = true;
    },
    allowsAnother: () => !isOver && leftMs() > runMs / 2,
  };
}
