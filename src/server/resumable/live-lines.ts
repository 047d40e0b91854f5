import type { KnownTask } from '../log/known-task';

/** What a reader in another process must know before the first frame. */
export interface LiveHeader extends KnownTask {
  /** The version of the format. A reader that does not know it ignores the stream. */
  readonly version: 1;
  readonly epoch: number;
  /** How long the producer counts as alive after its last sign, in milliseconds. */
  readonly leaseMs: number;
}

/**
 * What a mark says of frame `n`. `sent`: all frames before it have been sent, and the producer is
 * alive. `full`: most frames from it on are not sent. `skip`: the frames from it up to `end` are not
 * sent. `end`: the log ends before it.
 */
const marks = ['sent', 'full', 'skip', 'end'] as const;

type Mark = (typeof marks)[number];

/**
 * A line of a log that is sent as strings. Each line names its frames, so that lines may come twice
 * and in any order.
 */
export type LiveLine =
  /** Who has sent the following lines, because two processes may have created the same stream. */
  | { readonly kind: 'run'; readonly run: string }
  | { readonly kind: 'header'; readonly header: LiveHeader }
  /** Frame `n`, as JSON. */
  | { readonly kind: 'frame'; readonly n: number; readonly data: string }
  | { readonly kind: Mark; readonly n: number; readonly end: number };

/** The line that each string begins with, so that strings of two processes can be told apart. */
export function encodeRun(run: string): string {
  return `run ${run}\n`;
}

export function encodeHeader(header: LiveHeader): string {
  return `task ${JSON.stringify(header)}\n`;
}

/** `data` is JSON, which never holds a line break. */
export function encodeFrameLine(n: number, data: string): string {
  return `${n} ${data}\n`;
}

/** The line of a mark: its kind, and its numbers `n` and, for a `skip`, `end`. */
export function encodeMark(kind: Mark, ...numbers: number[]): string {
  return `${kind} ${numbers.join(' ')}\n`;
}

const digits = /^\d+$/;

function parseHeader(json: string): LiveHeader | undefined {
  try {
    const header = JSON.parse(json) as LiveHeader;
    return header.version === 1 ? header : undefined;
  } catch {
    // The line was damaged on its way.
    return undefined;
  }
}

function parseLine(line: string): LiveLine | undefined {
  const space = line.indexOf(' ');
  const word = line.slice(0, space);
  const rest = line.slice(space + 1);
  if (digits.test(word)) return { kind: 'frame', n: Number(word), data: rest };
  if (word === 'run') return { kind: word, run: rest };
  if (word === 'task') {
    const header = parseHeader(rest);
    return header && { kind: 'header', header };
  }
  const kind = marks.find((mark) => mark === word);
  const [n = Number.NaN, end = n] = rest.split(' ').map(Number);
  if (!kind || !Number.isSafeInteger(n) || !Number.isSafeInteger(end)) return undefined;
  return { kind, n, end };
}

/**
 * Cuts strings into lines, wherever the strings were split or joined. Unknown lines are left out; if
 * frames are missing therefore, their numbers show it.
 */
export function createLineParser(): (text: string) => LiveLine[] {
  // The beginning of a line whose end has not come yet.
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    return lines.flatMap((line) => parseLine(line) ?? []);
  };
}
