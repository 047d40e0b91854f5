import { exitCodes } from './exit-codes';

/** What asks the program to leave the task. */
export interface Leaving {
  /** Aborts when the program is asked to leave. */
  readonly signal: AbortSignal;
  /** What the process then ends with; `undefined` before. */
  readonly exitCode: number | undefined;
  /** Stops listening for the process' signals. Idempotent. */
  close(): void;
}

/** Listens for signals that end processes, and for nobody reading the output any more. */
export function listenForLeaving(stdout: NodeJS.WritableStream): Leaving {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const leaveWith = (code: number) => () => {
    exitCode ??= code;
    controller.abort();
  };
  const onInterrupt = leaveWith(exitCodes.interrupted);
  const onTerminate = leaveWith(exitCodes.terminated);
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate);
  // This listener stays after `close`, because the last output to a closed pipe fails, too.
  stdout.on('error', leaveWith(exitCodes.closedPipe));
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    close: () => void process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate),
  };
}
