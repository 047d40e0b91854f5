/** Passes text on by whole lines, so that other output comes between lines and never within one. */
export interface WholeLines {
  /** Returns the lines that are complete now, with their line breaks. */
  add(text: string): string;
  /** The beginning of a line that is not complete. */
  readonly rest: string;
  /** Returns the rest as a line, and forgets it. */
  end(): string;
}

/** Collects text until its lines are complete. */
export function createWholeLines(): WholeLines {
  let rest = '';
  return {
    add(text) {
      rest += text;
      const end = rest.lastIndexOf('\n') + 1;
      const lines = rest.slice(0, end);
      rest = rest.slice(end);
      return lines;
    },
    get rest() {
      return rest;
    },
    end() {
      const line = rest && `${rest}\n`;
      rest = '';
      return line;
    },
  };
}
