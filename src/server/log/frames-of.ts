import { compactReplay, type NumberedFrame } from '../../protocol/compact-replay';
import type { FrameRange } from './task-reader';

/** The frames of a range; a replay is compacted. */
export function* framesOf(range: FrameRange): Generator<NumberedFrame, undefined> {
  const { data, offset, start, end, isReplay } = range;
  const frameAt = (n: number) => data[n - offset] ?? '';
  if (isReplay) yield* compactReplay(frameAt, start, end);
  else for (let n = start; n < end; n++) yield { n, data: frameAt(n) };
}

/** The chunks of a range, as JSON; a replay is compacted. */
export function* chunksOf(range: FrameRange): Generator<string, undefined> {
  for (const { data } of framesOf(range)) yield data;
}
