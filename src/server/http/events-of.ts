import { compactReplay } from '../../protocol/compact-replay';
import { framePrefix } from '../../protocol/frame';
import type { Piece } from '../log/piece-reader';
import type { FrameRange } from '../log/task-reader';
import type { EventEncoder } from './event-encoder';

/** About how many characters are sent in one write, when more is pending. */
const maxWriteLength = 64 * 1024;

type Events = Generator<Piece<string>, undefined>;

function* liveEvents(
  { epoch, data, offset, start, end }: FrameRange,
  encoder: EventEncoder,
): Events {
  for (let n = start; n < end; ) {
    let piece = encoder.pieces.at(data, n);
    if (!piece || piece.end > end) {
      const first = n;
      const prefix = framePrefix(epoch);
      let content = '';
      for (; n < end && content.length < maxWriteLength; n++) {
        content += encoder.frame(prefix, n, data[n - offset] ?? '');
      }
      piece = { start: first, end: n, content };
      encoder.pieces.note(data, piece);
    }
    n = piece.end;
    yield piece;
  }
}

function* compactEvents(
  { epoch, data, offset, start, end }: FrameRange,
  encoder: EventEncoder,
): Events {
  const prefix = framePrefix(epoch);
  let content = '';
  for (const frame of compactReplay((n) => data[n - offset] ?? '', start, end)) {
    content += encoder.frame(prefix, frame.n, frame.data);
    if (content.length < maxWriteLength) continue;
    yield { content, end: frame.n + 1 };
    content = '';
  }
  if (content) yield { content, end };
}

/** The events of a range, in pieces of one write each. The events of a replay are compacted. */
export function eventsOf(range: FrameRange, encoder: EventEncoder): Events {
  return range.isReplay ? compactEvents(range, encoder) : liveEvents(range, encoder);
}
