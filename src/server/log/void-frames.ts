import type { Cursor } from '../../protocol/cursor';

/** Frames that no reader gets any more, because the next attempt goes on from a frame before them. */
export interface VoidFrames {
  /** The first of them. */
  readonly from: Cursor;
  /** The epoch of the attempt that goes on; all of them are of epochs before it. */
  readonly until: number;
}

function isBefore(one: Cursor, other: Cursor): boolean {
  return one.epoch < other.epoch || (one.epoch === other.epoch && one.n < other.n);
}

/** The void that the frame at a position is part of. */
export function voidAt(voids: readonly VoidFrames[], position: Cursor): VoidFrames | undefined {
  // Most logs have none, and readers look at each range.
  if (voids.length === 0) return undefined;
  return voids.find(({ from, until }) => !isBefore(position, from) && position.epoch < until);
}

/** One past the last frame of an epoch that is not void, of those before `end`. */
export function endOfValid(voids: readonly VoidFrames[], epoch: number, end: number): number {
  return voids.reduce(
    (least, { from }) => (from.epoch === epoch ? Math.min(least, from.n) : least),
    end,
  );
}

/** Adds the void that an attempt makes by going on in the epoch `until` after the frame `last`. */
export function withRewind(
  voids: readonly VoidFrames[],
  last: Cursor,
  until: number,
): readonly VoidFrames[] {
  const from = { epoch: last.epoch, n: last.n + 1 };
  // Voids within this one are part of it.
  return [...voids.filter((other) => isBefore(other.from, from)), { from, until }];
}

/** The voids of a log, of which each epoch that rewinds is given with the last frame that stays. */
export function voidsOf(rewinds: ReadonlyMap<number, Cursor>): readonly VoidFrames[] {
  const byEpoch = [...rewinds].sort(([one], [other]) => one - other);
  return byEpoch.reduce<readonly VoidFrames[]>(
    (voids, [until, last]) => withRewind(voids, last, until),
    [],
  );
}
