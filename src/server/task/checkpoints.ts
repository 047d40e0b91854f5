import type { TaskCheckpointData } from '../../protocol/task-parts';
import { bytesBeyond } from '../log/bytes-beyond';
import { serializeFaithfully } from '../log/serialize';
import type { AttemptStart } from '../log/task-attempts';
import type { TaskLog } from '../log/task-stream-context';
import { createOpenPartsError, createTooLargeCheckpointError } from './checkpoint-errors';
import type { TaskWriterCore } from './task-writer';
import { createSettledError } from './writer-errors';

/** The largest checkpoint by default, in bytes of its JSON. */
const defaultMaxCheckpointBytes = 1024 * 1024;

/** Makes the checkpoints of one attempt. */
export interface Checkpoints {
  /** See `TaskReporter`. */
  checkpoint(value: unknown): Promise<boolean>;
  /** From now on, none is made. */
  end(): void;
}

/** What is stored of a value, as JSON. `undefined` stays what it is. */
function encodeValue(
  value: unknown,
  encode: (value: unknown) => unknown,
  maxBytes: number,
): string | undefined {
  if (value === undefined) return undefined;
  const json = serializeFaithfully(encode(value), 'checkpoint');
  const bytes = bytesBeyond(json, maxBytes);
  if (bytes !== undefined) throw createTooLargeCheckpointError({ bytes, maxBytes });
  return json;
}

/**
 * @param from The index of the checkpoint at which the attempt began; -1 for the work's beginning.
 * @param log Without `checkpoint`, values are only checked: nobody would begin there.
 * @param standing What the next attempt needs to go on from here.
 * @param flush Sends what is held back of the task's state.
 */
export function createCheckpoints({
  taskId,
  from,
  log,
  writer,
  encode,
  standing,
  flush,
  graceMs,
  maxBytes = defaultMaxCheckpointBytes,
}: {
  taskId: string;
  from: number;
  log: Pick<TaskLog, 'checkpoint'>;
  writer: Pick<TaskWriterCore, 'atBoundary'>;
  encode: (value: unknown) => unknown;
  standing: () => Omit<AttemptStart, 'index' | 'value'>;
  flush: () => void;
  graceMs: number;
  maxBytes: number | undefined;
}): Checkpoints {
  let hasEnded = false;
  // Never used again, because a checkpoint that is not known to be stored may be stored all the same.
  let newest = from;
  // Resolves when the checkpoints before the next one are made.
  let before: Promise<unknown> = Promise.resolve();

  const assertOpen = () => {
    if (hasEnded) throw createSettledError();
  };

  const make = async (value: string | undefined): Promise<boolean> => {
    assertOpen();
    let stored: Promise<boolean> | undefined;
    const open = await writer.atBoundary((finishReason) => {
      flush();
      newest++;
      const data: TaskCheckpointData = {
        taskId,
        index: newest,
        ...(finishReason && { finishReason }),
      };
      const frame = JSON.stringify({ type: 'data-task-checkpoint', data, transient: true });
      const start = { index: newest, ...(value !== undefined && { value }), ...standing() };
      stored = log.checkpoint?.(frame, start);
    }, graceMs);
    if (!open) return (await stored) ?? false;
    assertOpen();
    throw createOpenPartsError(open, graceMs);
  };

  return {
    async checkpoint(value) {
      assertOpen();
      const json = encodeValue(value, encode, maxBytes);
      if (!log.checkpoint) return false;
      const made = before.then(() => make(json));
      before = made.catch(() => {
        // Whoever has asked for that checkpoint is told.
      });
      return made;
    },
    end() {
      hasEnded = true;
    },
  };
}
