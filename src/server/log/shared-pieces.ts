import type { Piece } from './piece-reader';

/** Text that was made of neighbouring frames from `start` on. */
interface SharedPiece extends Piece<string> {
  readonly start: number;
}

/** Pieces that one reader has made of frames, so that readers which keep up with it can reuse them. */
export interface SharedPieces {
  /** The newest piece of an array that begins with frame `start`. */
  at(data: readonly string[], start: number): SharedPiece | undefined;
  note(data: readonly string[], piece: SharedPiece): void;
}

/** How many pieces are kept for each array: readers that keep up want only the newest ones. */
const maxCount = 4;

export function createSharedPieces(): SharedPieces {
  // A ring of pieces for each array of frames; `count` is how many pieces it was given in all.
  const rings = new WeakMap<readonly string[], { readonly pieces: SharedPiece[]; count: number }>();
  return {
    at(data, start) {
      const ring = rings.get(data);
      if (!ring) return undefined;
      const { pieces, count } = ring;
      for (let back = 1; back <= pieces.length; back++) {
        const piece = pieces[(count - back) % maxCount];
        if (piece?.start === start) return piece;
      }
      return undefined;
    },
    note(data, piece) {
      let ring = rings.get(data);
      if (!ring) {
        ring = { pieces: [], count: 0 };
        rings.set(data, ring);
      }
      ring.pieces[ring.count++ % maxCount] = piece;
    },
  };
}
