import type { Cursor } from '../../protocol/cursor';
import { TaskError, type TaskErrorData } from '../../protocol/task-error';
import { holdReader } from '../log/held-reader';
import { createSharedPieces } from '../log/shared-pieces';
import { createUnsettledError } from '../log/task-errors';
import type { FrameRange, TaskReader } from '../log/task-stream-context';
import { nextTurn } from '../time/next-turn';
import type { DecodedFrames } from './decoded-frames';

/** About how many characters are handed over at once, when more is pending. */
const maxStringLength = 64 * 1024;

/** About how many characters of frames are decoded together. */
const maxPieceLength = 32 * 1024;

/** The error that a frame tells of, if it is none of the strings. */
function errorIn(frame: unknown): TaskError | undefined {
  const { type, data } = frame as { type?: string; data?: TaskErrorData };
  return type === 'data-task-error' && data ? new TaskError(data) : undefined;
}

/** As many frames from `n` on as make one string together. */
function pieceAt({ data, offset, end, ...range }: FrameRange, n: number): FrameRange {
  let next = n;
  for (let length = 0; next < end && length < maxPieceLength; next++) {
    length += data[next - offset]?.length ?? 0;
  }
  return { ...range, data, offset, start: n, end: next };
}

const decodedPieces = createSharedPieces();

/** The strings of a range as one; `undefined` when something else is among them. */
function textOf(
  { data, offset, start, end }: FrameRange,
  decoded: DecodedFrames | undefined,
): string | undefined {
  const text = decoded?.take(data, start - offset, end - offset);
  if (text !== undefined) return text;
  const known = decodedPieces.at(data, start);
  if (known?.end === end) return known.text;
  const frames: unknown[] = JSON.parse(`[${data.slice(start - offset, end - offset).join(',')}]`);
  if (!frames.every((frame) => typeof frame === 'string')) return undefined;
  const joined = frames.join('');
  decodedPieces.note(data, { start, end, text: joined });
  return joined;
}

/**
 * Reads a log of strings, all that is pending at once. Nothing is opened, read or kept before
 * somebody pulls.
 */
export function createStringStream({
  openReader,
  skipCharacters,
  heartbeatMs,
  decoded,
}: {
  /** From after the cursor on, by default from the start; rejects with how the stream then fails. */
  openReader: (cursor: Cursor | undefined) => Promise<TaskReader>;
  /** In UTF-16 code units. */
  skipCharacters: number;
  heartbeatMs: number;
  decoded?: DecodedFrames;
}): ReadableStream<string> {
  let range: FrameRange | undefined;
  // The next frame of the range.
  let n = 0;
  let remainingSkip = skipCharacters;
  let failure: TaskError | undefined;
  let isCancelled = false;
  // Whether the reader has caught up with the log.
  let isLive = false;
  // The last frame of the ranges before.
  let cursor: Cursor | undefined;

  const leaveRange = () => {
    if (range && n > range.start) cursor = { epoch: range.epoch, n: n - 1 };
    range = undefined;
  };

  const held = holdReader({
    heartbeatMs,
    openReader: () => openReader(cursor),
    onLetGo: leaveRange,
  });

  const begin = (next: FrameRange | undefined) => {
    leaveRange();
    range = next;
    if (next) n = next.start;
  };

  const takeText = (from: TaskReader) => {
    let text = '';
    while (text.length < maxStringLength && !failure) {
      if (!range || n >= range.end) {
        begin(from.take());
        if (!range) break;
      }
      const piece = pieceAt(range, n);
      const whole = remainingSkip === 0 ? textOf(piece, decoded) : undefined;
      if (whole !== undefined) {
        n = piece.end;
        text += whole;
        continue;
      }
      const { data, offset, end } = range;
      while (n < end && text.length < maxStringLength && !failure) {
        const frame: unknown = JSON.parse(data[n - offset] ?? '""');
        n++;
        if (typeof frame !== 'string') failure = errorIn(frame);
        else if (remainingSkip === 0) text += frame;
        else {
          text += frame.slice(remainingSkip);
          remainingSkip = Math.max(0, remainingSkip - frame.length);
        }
      }
    }
    return text;
  };

  return new ReadableStream<string>(
    {
      async pull(controller) {
        try {
          const reader = held.use() ?? (await held.open());
          while (reader && !isCancelled) {
            // What comes in the same turn goes together.
            if (isLive) await nextTurn();
            if (isCancelled) break;
            const text = takeText(reader);
            isLive = text.length < maxStringLength;
            if (text !== '') {
              controller.enqueue(text);
              held.rest();
              return;
            }
            if (failure) throw failure;
            if (reader.isEnded) {
              if (reader.isCut) throw createUnsettledError();
              held.close();
              controller.close();
              return;
            }
            begin((await reader.next()).value);
          }
        } catch (error) {
          held.close();
          throw error;
        }
      },
      cancel() {
        isCancelled = true;
        held.close();
      },
    },
    { highWaterMark: 0 },
  );
}
