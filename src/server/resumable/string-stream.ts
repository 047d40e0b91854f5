import type { Cursor } from '../../protocol/cursor';
import { TaskError, type TaskErrorData } from '../../protocol/task-error';
import { createPieceReader, type Piece } from '../log/piece-reader';
import { createSharedPieces } from '../log/shared-pieces';
import { createUnsettledError } from '../log/task-errors';
import type { FrameRange, TaskReader } from '../log/task-reader';
import { nextTurn } from '../time/next-turn';
import type { DecodedFrames } from './decoded-frames';

/** About how many characters of frames are decoded and handed over together. */
const maxPartLength = 64 * 1024;

/** The error that a frame tells of, if it does. */
function errorIn(frame: unknown): TaskError | undefined {
  const { type, data } = Object(frame) as { type?: string; data?: TaskErrorData };
  return type === 'data-task-error' && data ? new TaskError(data) : undefined;
}

/** The part of a range from frame `n` on that makes one piece. */
function partFrom({ data, offset, end, ...range }: FrameRange, n: number): FrameRange {
  let next = n;
  for (let length = 0; next < end && length < maxPartLength; next++) {
    length += data[next - offset]?.length ?? 0;
  }
  return { ...range, data, offset, start: n, end: next };
}

const decodedPieces = createSharedPieces();

/** The strings of a range as one; `undefined` when not all of its frames are strings. */
function textOf(
  { data, offset, start, end }: FrameRange,
  decoded: DecodedFrames | undefined,
): string | undefined {
  const text = decoded?.take(data, start - offset, end - offset);
  if (text !== undefined) return text;
  const known = decodedPieces.at(data, start);
  if (known?.end === end) return known.content;
  const frames: unknown[] = JSON.parse(`[${data.slice(start - offset, end - offset).join(',')}]`);
  if (!frames.every((frame) => typeof frame === 'string')) return undefined;
  const joined = frames.join('');
  decodedPieces.note(data, { start, end, content: joined });
  return joined;
}

/**
 * Reads a log of strings; strings that are pending are given as one. Nothing is opened, read or kept
 * before somebody pulls.
 */
export function createStringStream({
  openReader,
  taskId,
  skipCharacters,
  heartbeatMs,
  decoded,
}: {
  /** Opens a reader after the cursor, or at the start. The stream fails with what this rejects with. */
  openReader: (cursor: Cursor | undefined) => Promise<TaskReader>;
  taskId: string;
  /** How much of the log to leave out, in UTF-16 code units. */
  skipCharacters: number;
  heartbeatMs: number;
  decoded?: DecodedFrames;
}): ReadableStream<string> {
  let remainingSkip = skipCharacters;
  let controller: ReadableStreamDefaultController<string>;
  // Whether the reader has caught up with the log.
  let isLive = false;

  /** Reads frames one by one, up to one that tells why the stream fails. */
  const readEach = ({ data, offset, start, end }: FrameRange) => {
    let content = '';
    for (let n = start; n < end; n++) {
      const frame: unknown = JSON.parse(data[n - offset] ?? '""');
      const failure = errorIn(frame);
      if (failure) return { content, end: n, failure };
      if (typeof frame !== 'string') continue;
      content += frame.slice(remainingSkip);
      remainingSkip = Math.max(0, remainingSkip - frame.length);
    }
    return { content, end };
  };

  function* stringsOf(range: FrameRange): Generator<Piece<string>, undefined> {
    for (let n = range.start; n < range.end; ) {
      const part = partFrom(range, n);
      const content = remainingSkip === 0 ? textOf(part, decoded) : undefined;
      const piece = content === undefined ? readEach(part) : { content, end: part.end };
      n = piece.end;
      isLive = n >= range.end;
      yield { content: piece.content || undefined, end: n };
      if ('failure' in piece) throw piece.failure;
    }
  }

  const log = createPieceReader<string>({
    openReader,
    taskId,
    heartbeatMs,
    piecesOf: stringsOf,
    onPiece(text) {
      if (text !== undefined) return controller.enqueue(text);
      const isCut = log.isCut();
      log.close();
      if (isCut) throw createUnsettledError();
      controller.close();
    },
  });

  return new ReadableStream<string>(
    {
      start(own) {
        controller = own;
      },
      async pull() {
        // Strings that come in the same turn of the event loop are given as one.
        if (isLive) await nextTurn();
        await log.pull();
      },
      cancel: log.close,
    },
    { highWaterMark: 0 },
  );
}
