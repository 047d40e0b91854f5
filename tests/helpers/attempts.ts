// The log of a task that lost its process again and again, as PROTOCOL.md wants it on the wire.
import { heartbeat, log, partial, settle, snapshot, taskId } from './recording';

export type Chunk = { type: string; [field: string]: unknown };

interface Frame {
  cursor: string;
  chunk: Chunk;
  isVoid: boolean;
}

/** A task's log over all of its attempts. */
export interface AttemptsLog {
  readonly frames: readonly Frame[];
  /** For each attempt that was lost, how many frames were there when it was. */
  readonly losses: readonly number[];
  /** Frames after a cursor as a server sends them; without one, all that are not void. */
  after(cursor: string | undefined): readonly Frame[];
}

const child = 'child-0123456789abcdef';

/** What a process does with a task: text, thoughts, tools, a task within, and two checkpoints. */
export const work: readonly Chunk[] = [
  { type: 'start-step' },
  log(0, 'Begun'),
  { type: 'reasoning-start', id: 'r' },
  { type: 'reasoning-delta', id: 'r', delta: 'Hm' },
  { type: 'reasoning-end', id: 'r' },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'One' },
  { type: 'text-delta', id: 't', delta: ' two' },
  { type: 'text-end', id: 't' },
  within('data-task', { status: 'running', createdAt: 1, updatedAt: 2, parentTaskId: taskId }),
  within('data-task-log', { index: 0, level: 'info', message: 'inner', at: 3 }),
  { type: 'finish-step' },
  partial(0, 'first'),
  snapshot({ progress: { value: 1, total: 3 } }),
  checkpoint(0),
  { type: 'start-step' },
  ...toolCall('call'),
  { type: 'message-metadata', messageMetadata: { tokens: 7 } },
  log(1, 'Half'),
  partial(1, 'second'),
  within('data-task-log', { index: 1, level: 'info', message: 'inner again', at: 3 }),
  { type: 'finish-step' },
  snapshot({ progress: { value: 2, total: 3 }, steps: [step('running')] }),
  checkpoint(1),
  { type: 'start-step' },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Three' },
  { type: 'text-end', id: 't' },
  within('data-task-log', { index: 2, level: 'info', message: 'inner too', at: 3 }),
  within('data-task-settle', { status: 'completed', durationMs: 1, settledAt: 4 }),
  { type: 'data-own', id: 'own', data: 1 },
  partial(2, 'third'),
  log(2, 'Nearly'),
  { type: 'finish-step' },
];

/** How it ends. */
export const ending: readonly Chunk[] = [
  snapshot({ status: 'completed', steps: [step('completed')] }),
  settle({ result: 'done' }),
  { type: 'finish' },
];

export function checkpoint(index: number): Chunk {
  return { type: 'data-task-checkpoint', data: { taskId, index }, transient: true };
}

function step(status: string) {
  return { name: 'write', weight: 1, status };
}

function within(type: string, fields: object): Chunk {
  return { type, id: child, data: { taskId: child, ...fields } };
}

export function toolCall(toolCallId: string): Chunk[] {
  return [
    { type: 'tool-input-start', toolCallId, toolName: 'draw' },
    { type: 'tool-input-delta', toolCallId, inputTextDelta: '{"a"' },
    { type: 'tool-input-delta', toolCallId, inputTextDelta: ':1}' },
    { type: 'tool-input-available', toolCallId, toolName: 'draw', input: { a: 1 } },
    { type: 'tool-output-available', toolCallId, output: 'ok' },
  ];
}

/** Behind the checkpoints of some work: where an attempt may begin besides its beginning. */
export function startsIn(chunks: readonly Chunk[]): number[] {
  return chunks.flatMap(({ type }, n) => (type === 'data-task-checkpoint' ? [n + 1] : []));
}

/** A snapshot as a later attempt writes it. */
function ofAttempt(chunk: Chunk, attempt: number): Chunk {
  const { data, ...rest } = chunk;
  const isSnapshot = chunk.type === 'data-task' && !JSON.stringify(chunk).includes(child);
  return isSnapshot && attempt > 1 ? { ...rest, data: { ...Object(data), attempt } } : chunk;
}

/** The task as it is at the end of some work. */
export function startAfter(done: readonly Chunk[]) {
  const ofTask = done.filter((chunk) => !inner(chunk));
  const count = (type: string) => ofTask.filter((chunk) => chunk.type === type).length;
  const last = ofTask.filter(({ type }) => type === 'data-task').at(-1) ?? snapshot();
  return {
    index: count('data-task-checkpoint') - 1,
    logs: count('data-task-log'),
    partials: count('data-task-partial'),
    last,
  };
}

/** A chunk with other words, so that it can be told from what another attempt makes in its place. */
export function voided(chunk: Chunk): Chunk {
  return JSON.parse(JSON.stringify(chunk), (key, value) =>
    /^(message|value|delta|output|tokens|result)$/.test(key) ? `${value} (void)` : value,
  );
}

/**
 * @param lostAt For each attempt that was lost, behind how much of the work it was: at least where it
 * began.
 */
export function attemptsLog(
  lostAt: readonly number[],
  ofWork: readonly Chunk[] = work,
): AttemptsLog {
  const starts = startsIn(ofWork);
  const frames: Frame[] = [];
  const losses: number[] = [];
  let chunks: Chunk[] = [{ type: 'start', messageId: 'm' }, snapshot()];
  // Where the attempt begins in the work, and the frame from which on it is void if it is lost.
  let begin = 0;
  let stays = chunks.length;
  const write = (epoch: number) => {
    chunks.forEach((chunk, n) => {
      frames.push({ cursor: `${epoch}-${n}`, chunk, isVoid: false });
    });
    chunks = [];
  };
  lostAt.forEach((end, n) => {
    const attempt = n + 1;
    const before = frames.length + chunks.length;
    for (const chunk of ofWork.slice(begin, end)) chunks.push(ofAttempt(chunk, attempt));
    write(attempt);
    losses.push(frames.length);
    const index = starts.filter((start) => start <= end).length - 1;
    const from = starts[index] ?? 0;
    if (from > begin) stays = before + from - begin;
    begin = from;
    for (const frame of frames.slice(stays)) {
      frame.isVoid = true;
      frame.chunk = voided(frame.chunk);
    }
    const { index: _, last, ...counts } = startAfter(ofWork.slice(0, begin));
    const data = { taskId, attempt: attempt + 1, checkpoint: index, ...counts };
    chunks = [{ type: 'data-task-rewind', data, transient: true }, ofAttempt(last, attempt + 1)];
  });
  const attempt = lostAt.length + 1;
  for (const chunk of [...ofWork.slice(begin), ...ending]) chunks.push(ofAttempt(chunk, attempt));
  write(attempt);
  return {
    frames,
    losses,
    after(cursor) {
      const at = frames.findIndex((frame) => frame.cursor === cursor);
      return frames.filter(({ isVoid }, n) => !isVoid && n > at);
    },
  };
}

function inner(chunk: Chunk): boolean {
  return JSON.stringify(chunk).includes(child);
}

/** The bytes of a response with these frames. */
export function bytesOf(frames: readonly Frame[], isWhole: boolean): string {
  const text = frames.map(
    ({ cursor, chunk }) => `id: ${cursor}\ndata: ${JSON.stringify(chunk)}\n\n`,
  );
  const end = isWhole ? 'data: [DONE]\n\n' : '';
  return `retry: 1000\n\n${heartbeat(1, 60_000)}${text.join('')}${end}`;
}
