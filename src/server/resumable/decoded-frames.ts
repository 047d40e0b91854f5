/** The newest frames with the strings that they encode, for a reader that follows close behind. */
export interface DecodedFrames {
  note(frame: string, text: string): void;
  /**
   * The strings of frames `start` up to `end` of an array as one, if all of them are among the newest
   * frames. Forgets these frames, and those before them.
   */
  take(data: readonly string[], start: number, end: number): string | undefined;
}

/** How many frames are kept: a reader that keeps up lags no further behind. */
const maxCount = 8;

export function createDecodedFrames(): DecodedFrames {
  const newest: { readonly frame: string; readonly text: string }[] = [];
  return {
    note(frame, text) {
      newest.push({ frame, text });
      if (newest.length > maxCount) newest.shift();
    },
    take(data, start, end) {
      const first = newest.findIndex((known) => known.frame === data[start]);
      if (first < 0) return undefined;
      let text = '';
      for (let n = start; n < end; n++) {
        const known = newest[first + n - start];
        if (!known || known.frame !== data[n]) return undefined;
        text += known.text;
      }
      newest.splice(0, first + end - start);
      return text;
    },
  };
}
