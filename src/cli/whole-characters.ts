const endsWithHalf = /[\ud800-\udbff]$/;
const beginsWithHalf = /^[\udc00-\udfff]/;

/** Passes text on by whole characters: half of a surrogate pair waits for the other half. */
export interface WholeCharacters {
  /** Returns what is whole now. */
  add(text: string): string;
  /** Returns what is left, and forgets it. */
  end(): string;
}

/** Needed because models cut text within characters, and half of one is written as `\ufffd`. */
export function createWholeCharacters(): WholeCharacters {
  let half = '';
  return {
    add(text) {
      const all = half + text;
      half = endsWithHalf.exec(all)?.[0] ?? '';
      return half ? all.slice(0, -1) : all;
    },
    end() {
      const rest = half;
      half = '';
      return rest;
    },
  };
}

/** The first `length` UTF-16 units of a line, without half of a character at the end. */
export function firstOf(line: string, length: number): string {
  return line.slice(0, Math.max(0, length)).replace(endsWithHalf, '');
}

/** The last `length` UTF-16 units of a line, without half of a character at the beginning. */
export function lastOf(line: string, length: number): string {
  return length > 0 ? line.slice(-length).replace(beginsWithHalf, '') : '';
}
