import { TaskError } from '../../protocol/task-error';
import type { OpenPart } from '../log/open-parts';

/** The error of a checkpoint at a place from which another attempt could not go on. */
export function createOpenPartsError(open: readonly OpenPart[], graceMs: number): TaskError {
  return new TaskError({
    code: 'checkpoint-open-parts',
    message: `No checkpoint was made: within ${graceMs} ms there was no moment in which no text, reasoning or call of a tool was open, and every merged stream between two steps. Make checkpoints between steps, and write the parts of parallel streams one after the other, or wait for their ends.`,
    details: { open: open.map(({ kind, id }) => ({ kind, id })) },
  });
}

/** The error of a checkpoint's value that is larger than it may be. */
export function createTooLargeCheckpointError(details: {
  bytes: number;
  maxBytes: number;
}): TaskError {
  const { bytes, maxBytes } = details;
  return new TaskError({
    code: 'checkpoint-too-large',
    message: `The checkpoint takes ${bytes} bytes, and it may have ${maxBytes}. Store what is large elsewhere and keep where it is, or raise \`maxCheckpointBytes\`.`,
    details,
  });
}
