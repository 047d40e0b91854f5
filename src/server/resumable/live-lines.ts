import type { TaskRecord } from '../log/task-stream-context';

/** What a reader in another process must know before the first frame. */
export interface LiveHeader
  extends Pick<TaskRecord, 'owner' | 'chatId' | 'name' | 'definition' | 'createdAt'> {
  /** Of these lines. A reader that does not know it leaves the stream alone. */
  readonly version: 1;
  readonly epoch: number;
  /** How long the producer counts as alive after its last sign, in milliseconds. */
  readonly leaseMs: number;
}

/**
 * What a line tells of frame `n`. `sent`: everything before it has been sent; a sign of life. `full`:
 * from it on, most are not sent. `skip`: from it on, and before `end`, none are sent. `end`: the log
 * ends before it.
 */
const marks = ['sent', 'full', 'skip', 'end'] as const;

type Mark = (typeof marks)[number];

/**
 * A line of a log that travels as strings. Each names its frames, so that lines may come twice
 * and in any order.
 */
export type LiveLine =
  /** Whose the following lines are: two processes may have created the same stream. */
  | { readonly kind: 'run'; readonly run: string }
  | { readonly kind: 'header'; readonly header: LiveHeader }
  /** Frame `n`, as JSON. */
  | { readonly kind: 'frame'; readonly n: number; readonly data: string }
  | { readonly kind: Mark; readonly n: number; readonly end: number };

/** Begins each string, so that strings of two processes can be told apart. */
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

/** A word and numbers: `n` and, of a `skip`, `end`. */
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
 * Makes lines of strings, wherever these were split or joined. A line that it does not know is
 * left out; what it stood for will be missed by its number.
 */
export function createLineParser(): (text: string) => LiveLine[] {
  // A line whose end has not come yet.
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    return lines.flatMap((line) => parseLine(line) ?? []);
  };
}
