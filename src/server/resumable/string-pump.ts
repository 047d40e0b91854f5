import { TaskError } from '../../protocol/task-error';
import type { TaskOutcome } from '../../protocol/task-parts';
import { sendable } from '../log/sendable';
import { stopErrorOf } from '../log/stop-reason';
import { taskErrorChunk } from '../log/task-error-chunk';
import { isForClients } from '../log/task-errors';
import type { TaskLog } from '../log/task-stream-context';
import { leaveStream } from '../time/leave-stream';
import { nextTurn } from '../time/next-turn';
import type { DecodedFrames } from './decoded-frames';

/** The most bytes that JSON makes of one UTF-16 code unit: an escape such as `\u0000`. */
const maxUnitBytes = 6;

/** About how many characters of neighbouring strings go together in one frame. */
const maxGatheredLength = 48 * 1024;

/** How many characters are read in a row before other work of the process gets a turn. */
const maxTurnLength = 256 * 1024;

/** What readers may know of the error of a source. */
function maskSourceError(error: unknown): TaskError {
  if (isForClients(error)) return sendable(error);
  return new TaskError({ code: 'internal', message: 'The source of the stream failed.' });
}

export interface StringLog {
  readonly log: TaskLog;
  readonly taskId: string;
  /** Spares the first reader the decoding of frames that were encoded here a moment before. */
  readonly decoded: DecodedFrames;
  /** Gets errors as they were thrown. */
  readonly onError: (error: unknown) => void;
}

/** Ends a log of strings; its readers get the error, if there is one. Never rejects. */
export async function endStrings(
  stringLog: StringLog,
  outcome: TaskOutcome,
  error?: unknown,
): Promise<void> {
  const { log, taskId, onError } = stringLog;
  const problem = outcome === 'completed' ? undefined : maskSourceError(error).toJSON();
  const frames = problem ? [JSON.stringify(taskErrorChunk(taskId, problem))] : [];
  try {
    const answer = await log.settle(frames, outcome);
    if (answer === 'cancelled') {
      return await endStrings(stringLog, 'cancelled', stopErrorOf(log.signal.reason));
    }
    await log.release();
  } catch (cause) {
    onError(cause);
  }
}

/** Puts strings into a log: the first of a turn at once, those that follow in that turn together. */
function createGatherer({ log, decoded }: StringLog) {
  const { append, maxFrameBytes = Number.POSITIVE_INFINITY } = log;
  // Two bytes are for the quotes. A string too large for a frame is cut, even within a character.
  const maxLength = Math.max(1, Math.floor((maxFrameBytes - 2) / maxUnitBytes));
  let gathered = '';
  let isGathering = false;

  const flush = () => {
    const text = gathered;
    gathered = '';
    for (let start = 0; start < text.length; start += maxLength) {
      const piece = text.slice(start, start + maxLength);
      const frame = JSON.stringify(piece);
      decoded.note(frame, piece);
      append(frame);
    }
  };

  const endTurn = () => {
    isGathering = false;
    flush();
  };

  return {
    add(text: string) {
      if (text === '') return;
      gathered += text;
      if (!isGathering) {
        isGathering = true;
        flush();
        void nextTurn().then(endTurn);
      } else if (gathered.length >= maxGatheredLength) flush();
    },
    flush,
  };
}

/**
 * Stores the strings of a source to its end, whether or not anybody reads. A source that fails,
 * or that somebody asks to stop, leaves its readers an error. Never rejects.
 */
export async function pumpStrings(
  stringLog: StringLog,
  source: ReadableStreamDefaultReader<string>,
): Promise<void> {
  const { log, onError } = stringLog;
  const { signal } = log;
  const gatherer = createGatherer(stringLog);
  const stop = () => leaveStream(source, signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    for (let turnLength = 0; ; ) {
      const { done, value } = await source.read();
      if (done) break;
      if (typeof value !== 'string') {
        throw new TypeError('The source of a resumable stream must give strings.');
      }
      gatherer.add(value);
      if (log.isBehind) await log.caughtUp();
      turnLength += value.length;
      if (turnLength < maxTurnLength) continue;
      await nextTurn();
      turnLength = 0;
    }
    gatherer.flush();
  } catch (error) {
    gatherer.flush();
    onError(error);
    leaveStream(source, error);
    return endStrings(stringLog, 'failed', error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (!signal.aborted) return endStrings(stringLog, 'completed');
  return endStrings(stringLog, 'cancelled', stopErrorOf(signal.reason));
}
