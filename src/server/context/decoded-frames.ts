/** The newest frames with the strings that they stand for, for a reader that comes right behind. */
export interface DecodedFrames {
  note(frame: string, text: string): void;
  /** The string of a frame, if it is one of the newest; those before it are forgotten with it. */
  take(frame: string): string | undefined;
}

/** One that reads in time lags no further behind. */
const maxCount = 8;

export function createDecodedFrames(): DecodedFrames {
  const newest: { readonly frame: string; readonly text: string }[] = [];
  return {
    note(frame, text) {
      newest.push({ frame, text });
      if (newest.length > maxCount) newest.shift();
    },
    take(frame) {
      const index = newest.findIndex((known) => known.frame === frame);
      return newest.splice(0, index + 1).at(-1)?.text;
    },
  };
}
