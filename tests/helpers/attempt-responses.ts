// What responses bring of a task that loses its process again and again, over HTTP.
import type { TaskStreamContext } from 'ai-task-stream/server';
import { expect } from 'vitest';
import { type AttemptsLog, attemptsLog, type Chunk, work } from './attempts';
import { taskId } from './recording';
import { serveAttempts } from './served-attempts';
import { parseFrames, type WireFrame, withoutHeartbeats } from './sse';

/** Every place at which a process can be lost, and some at which two and three are. */
export function* lossesOf({ step, deep }: { step: number; deep: number }): Generator<number[]> {
  const starts = work.flatMap(({ type }, n) => (type === 'data-task-checkpoint' ? [n + 1] : []));
  const beginAfter = (end: number) => starts.filter((start) => start <= end).at(-1) ?? 0;
  for (let first = 0; first <= work.length; first += step) yield [first];
  for (let first = 2; first <= work.length; first += deep) {
    for (let second = beginAfter(first); second <= work.length; second += deep) {
      yield [first, second];
      yield [first, second, Math.max(beginAfter(second), work.length - (first % 7))];
    }
  }
}

const isOfRoot = ({ data }: Chunk) => (data as { taskId?: string } | undefined)?.taskId === taskId;

/**
 * The chunks of a message as they tell it whatever became of the attempts: without rewinds and the
 * snapshots that follow them, and with neighbouring deltas in one, as replays have them.
 */
function told(chunks: readonly Chunk[]): string[] {
  const all: Chunk[] = [];
  for (const chunk of chunks) {
    const { type, id, toolCallId } = chunk;
    if (type === 'data-task-rewind' || (type === 'data-task' && isOfRoot(chunk))) continue;
    const before = all.at(-1);
    const isDelta = /-delta$/.test(type) && before?.type === type;
    if (!isDelta || before.id !== id || before.toolCallId !== toolCallId) all.push({ ...chunk });
    else if (type === 'tool-input-delta') {
      before.inputTextDelta = `${before.inputTextDelta}${chunk.inputTextDelta}`;
    } else before.delta = `${before.delta}${chunk.delta}`;
  }
  return all.map((chunk) => JSON.stringify(chunk));
}

const epochOf = (frame: WireFrame | undefined) => Number(frame?.id?.split('-')[0]);
const chunkOf = ({ data }: WireFrame) => JSON.parse(data) as Chunk;

/** A response: its stored frames, and whether it has ended well. */
interface Brought {
  frames: WireFrame[];
  isDone: boolean;
}

const headersFor = (cursor: string | undefined): Record<string, string> =>
  cursor === undefined ? {} : { 'last-event-id': cursor };

async function get(origin: string, cursor: string | undefined): Promise<Brought> {
  const headers = headersFor(cursor);
  const response = await fetch(`${origin}/task?taskId=${taskId}`, { headers });
  if (response.status === 204) return { frames: [], isDone: true };
  expect(response.status).toBe(200);
  return broughtBy(await response.text());
}

function broughtBy(text: string): Brought {
  const frames = parseFrames(withoutHeartbeats(text));
  const isDone = frames.at(-1)?.data === '[DONE]';
  return { frames: isDone ? frames.slice(0, -1) : frames, isDone };
}

/** A client that takes what comes, and asks again with its last cursor whenever a response ends. */
function followOverHttp(origin: string) {
  const responses: Brought[] = [];
  let cursor: string | undefined;
  const follow = async () => {
    for (;;) {
      const headers = headersFor(cursor);
      const response = await fetch(`${origin}/task?taskId=${taskId}`, { headers });
      const reader = response.body?.getReader();
      const decoder = new TextDecoder();
      let text = '';
      const brought: Brought = { frames: [], isDone: false };
      responses.push(brought);
      for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
        text += decoder.decode(step.value, { stream: true });
        Object.assign(brought, broughtBy(text.slice(0, text.lastIndexOf('\n\n') + 2)));
        cursor = brought.frames.at(-1)?.id ?? cursor;
      }
      if (brought.isDone) return;
    }
  };
  return {
    responses,
    end: follow(),
    get cursor() {
      return cursor;
    },
  };
}

/** Expects that no response has gone on behind what is void, and that a client ends up with it all. */
function expectLive(responses: readonly Brought[], model: AttemptsLog, all: readonly string[]) {
  const firstEpoch = epochOf(responses[0]?.frames[0]);
  const voids = new Set(model.frames.flatMap(({ cursor, isVoid }) => (isVoid ? [cursor] : [])));
  let kept: Chunk[] = [];
  for (const { frames, isDone } of responses) {
    let hasVoid = false;
    for (const frame of frames) {
      const chunk = chunkOf(frame);
      expect(hasVoid && chunk.type === 'data-task-rewind').toBe(false);
      const n = frame.id?.split('-')[1];
      hasVoid ||= voids.has(`${epochOf(frame) - firstEpoch + 1}-${n}`);
      if (chunk.type === 'data-task-rewind') kept = keptAt(kept, chunk);
      kept.push(chunk);
    }
    expect(hasVoid && isDone).toBe(false);
  }
  expect(told(kept)).toEqual(all);
}

/** What a client goes back to at a rewind. */
function keptAt(chunks: readonly Chunk[], rewind: Chunk): Chunk[] {
  const { checkpoint } = rewind.data as { checkpoint: number };
  const isThere = ({ type, data }: Chunk) =>
    checkpoint < 0
      ? type === 'start'
      : type === 'data-task-checkpoint' && (data as { index: number }).index === checkpoint;
  return chunks.slice(0, chunks.findIndex(isThere) + 1);
}

/**
 * Lets a task lose its process, and expects that live responses and replays over HTTP bring what they
 * would have brought without that.
 *
 * @param lostAt See `attemptsLog`.
 * @param options.isWhole Whether to begin at each cursor, and not just at those of what is void.
 */
export async function expectResponses(
  lostAt: readonly number[],
  { streamContext, isWhole }: { streamContext: TaskStreamContext; isWhole: boolean },
): Promise<void> {
  const model = attemptsLog(lostAt);
  const { server, run } = await serveAttempts(lostAt, { streamContext });
  try {
    const client = followOverHttp(server.origin);
    // Each attempt is lost only when the client has all of it.
    await run(async () => (await streamContext.inspect(taskId))?.cursor === client.cursor);
    await client.end;
    const undisturbed = told(attemptsLog([]).frames.map(({ chunk }) => chunk));
    expectLive(client.responses, model, undisturbed);

    const whole = await get(server.origin, undefined);
    expect(told(whole.frames.map(chunkOf))).toEqual(undisturbed);
    expect(whole.isDone).toBe(true);

    const firstEpoch = epochOf(whole.frames[0]);
    for (const { cursor, isVoid } of model.frames) {
      if (!isVoid && !isWhole) continue;
      const [epoch, n] = cursor.split('-').map(Number);
      const { frames, isDone } = await get(server.origin, `${firstEpoch + (epoch ?? 0) - 1}-${n}`);
      const chunks = frames.map(chunkOf);
      expect([cursor, isDone]).toEqual([cursor, true]);
      expect([cursor, told(chunks)]).toEqual([
        cursor,
        told(model.after(cursor).map(({ chunk }) => chunk)),
      ]);
      if (isVoid) expect(chunks[0]?.type).toBe('data-task-rewind');
    }
  } finally {
    await server.stop();
  }
}
