import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import type { TaskStreamState } from '../ui';
import { liveBlock } from './live-block';
import type { Screen, Terminal } from './screen';
import { lastOf } from './whole-characters';
import { createWholeLines } from './whole-lines';

// Autowrap (DECAWM) is off while a block is drawn: the terminal itself then cuts a line that is too
// long, so that each line is one row, however wide its characters are.
const wrapOff = '\x1b[?7l';
const wrapOn = '\x1b[?7h';

/** A screen whose last lines are drawn over: the beginning of a line of text, steps, and a bar. */
export function createLiveScreen({
  stdout,
  stderr,
}: {
  stdout: Terminal;
  stderr: Terminal & NodeJS.WritableStream;
}): Screen {
  // Text that goes to a file or a pipe does not meet the block, so it need not wait for whole lines.
  const lines = stdout.isTTY ? createWholeLines() : undefined;
  let state: TaskStreamState | undefined;
  let partials = 0;
  // The lines of the block that is on the screen.
  let drawn: string[] = [];

  function clear(): void {
    if (drawn.length === 0) return;
    moveCursor(stderr, 0, -drawn.length);
    cursorTo(stderr, 0);
    clearScreenDown(stderr);
    drawn = [];
  }

  function draw(): void {
    const { columns = 80 } = stderr;
    const rest = lines && lastOf(lines.rest.replaceAll('\t', ' '), columns - 1);
    const block = [...(rest ? [rest] : []), ...(state ? liveBlock(state, columns, partials) : [])];
    if (block.join('\n') === drawn.join('\n')) return;
    clear();
    drawn = block;
    if (block.length > 0) stderr.write(`${wrapOff}${block.join('\n')}\n${wrapOn}`);
  }

  return {
    show(next, partialCount) {
      state = next;
      partials = partialCount;
      draw();
    },
    note(line) {
      clear();
      stderr.write(`${line}\n`);
      draw();
    },
    write(text) {
      const ready = lines ? lines.add(text) : text;
      if (ready && lines) clear();
      if (ready) stdout.write(ready);
      draw();
    },
    close() {
      clear();
      state = undefined;
      const rest = lines?.end();
      if (rest) stdout.write(rest);
    },
  };
}
