import { nothingTold, plainProgress } from './plain-progress';
import type { Screen, Terminal } from './screen';
import { createWholeLines } from './whole-lines';

/** A screen that is only ever added to, for logs, pipes and `NO_COLOR`. */
export function createPlainScreen({
  stdout,
  stderr,
  isQuiet,
  now = () => performance.now(),
}: {
  stdout: Terminal;
  stderr: Terminal;
  /** Show no progress. */
  isQuiet: boolean;
  now?: () => number;
}): Screen {
  // Where both streams are the same terminal, no line of progress may come within one of the text.
  const lines = stdout.isTTY && stderr.isTTY && !isQuiet ? createWholeLines() : undefined;
  let told = nothingTold;
  return {
    show(state, partialCount) {
      if (isQuiet) return;
      const next = plainProgress(told, state, now(), partialCount);
      told = next.told;
      for (const line of next.lines) stderr.write(`${line}\n`);
    },
    note: (line) => void stderr.write(`${line}\n`),
    write(text) {
      const ready = lines ? lines.add(text) : text;
      if (ready) stdout.write(ready);
    },
    close() {
      const rest = lines?.end();
      if (rest) stdout.write(rest);
    },
  };
}
