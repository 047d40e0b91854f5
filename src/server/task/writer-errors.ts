import { TaskError } from '../../protocol/task-error';

/** The error of code that reports or writes after the task has settled. */
export function createSettledError(): TaskError {
  return new TaskError({
    code: 'settled',
    message:
      'The task has settled, so nothing can be added to it any more. Await all work in `execute` before it returns.',
  });
}

/** The error of a task whose answer was cut off. The `cause`, which clients do not see, says why. */
export function createAbortedError(cause: unknown): TaskError {
  return new TaskError({
    code: 'stream-aborted',
    message:
      'A stream that the task is made of was aborted, so that the answer is not whole. Start it again, with more time if it ran out of that.',
    retryable: true,
    cause,
  });
}

/** The error of a chunk that is larger than a frame may be. */
export function createTooLargeError(details: {
  /** The chunk's name in the message. */
  path: string;
  bytes: number;
  maxFrameBytes: number;
}): TaskError {
  const { path, bytes, maxFrameBytes } = details;
  return new TaskError({
    code: 'frame-too-large',
    message: `\`${path}\` takes ${bytes} bytes, and one chunk may have ${maxFrameBytes}. Send it in pieces, or store it elsewhere and send where it is.`,
    details,
  });
}
