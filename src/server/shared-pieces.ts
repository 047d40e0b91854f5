/** Text that was made of frames `start` to `end` of an array. */
interface Piece {
  readonly end: number;
  readonly text: string;
}

/** What one reader has made of frames, for others that keep up with it: they need not do it again. */
export interface SharedPieces {
  at(data: readonly string[], start: number): Piece | undefined;
  note(data: readonly string[], start: number, piece: Piece): void;
}

/** Of each array, readers that keep up with each other want the newest pieces only. */
const maxCount = 4;

export function createSharedPieces(): SharedPieces {
  const newest = new WeakMap<readonly string[], Map<number, Piece>>();
  return {
    at: (data, start) => newest.get(data)?.get(start),
    note(data, start, piece) {
      const pieces = newest.get(data) ?? new Map<number, Piece>();
      if (pieces.size === 0) newest.set(data, pieces);
      pieces.set(start, piece);
      for (const oldest of pieces.keys()) {
        if (pieces.size <= maxCount) break;
        pieces.delete(oldest);
      }
    },
  };
}
