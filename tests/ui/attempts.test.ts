// A task lost its process, and the next attempt goes on from its last checkpoint: what came after
// that is void. PROTOCOL.md, "Attempts".

import { initialTaskState, reduceTaskChunk, type TaskState } from 'ai-task-stream';
import { describe, expect, it } from 'vitest';
import { growTask } from '../../src/protocol/grow-task';
import { attemptsLog, bytesOf, startsIn, work } from '../helpers/attempts';
import { taskId } from '../helpers/recording';
import { type Calls, closed, createStore } from './helpers';

const api = '/api/task';
const headers = { 'content-type': 'text/event-stream', 'x-task-id': taskId };

const starts = startsIn(work);

/** Every place at which one, two or three attempts can be lost. */
function* schedules(): Generator<number[]> {
  const beginAfter = (end: number) => starts.filter((start) => start <= end).at(-1) ?? 0;
  for (let first = 0; first <= work.length; first++) {
    yield [first];
    for (let second = beginAfter(first); second <= work.length; second += 6) {
      yield [first, second];
      yield [first, second, Math.max(beginAfter(second), work.length - (first % 7))];
    }
  }
}

/** Follows a task of which a live response breaks off wherever an attempt was lost. */
async function follow(lostAt: readonly number[]) {
  const log = attemptsLog(lostAt);
  const cuts = [...log.losses];
  const asked: (string | undefined)[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    const cursor = new Headers(init?.headers).get('last-event-id') ?? undefined;
    asked.push(cursor);
    // Each response shows what was there when the next attempt was lost: live, so with its void.
    const there = cuts.shift();
    if (there === undefined) return new Response(bytesOf(log.after(cursor), true), { headers });
    const from = log.frames.findIndex((frame) => frame.cursor === cursor) + 1;
    const before = log.losses.filter((loss) => loss < there).at(-1) ?? 0;
    const live = log.frames.slice(Math.max(from, before), there);
    return new Response(bytesOf(live, false), { headers });
  };
  const { store, calls } = createStore({ api, fetch });
  const end = await store.resume(taskId);
  await closed(store);
  return { end, calls, state: store.getState(), asked };
}

/** A state without what tells attempts apart. */
function ofAnyAttempt(state: unknown): unknown {
  return JSON.parse(JSON.stringify(state, (key, value) => (key === 'attempt' ? undefined : value)));
}

/** Which log lines and partial results the callbacks were told of. */
function itemsIn(calls: Calls): string[] {
  const items = calls.filter(([name]) => name === 'log' || name === 'partial');
  return items.map(([name, index]) => `${name} ${index}`).sort();
}

describe('a client whose task lost its process', () => {
  it('ends as after an undisturbed run, wherever attempts were lost (R-CLIENT-12)', async () => {
    const undisturbed = await follow([]);
    expect(undisturbed.state).toMatchObject({ status: 'completed', partials: { length: 3 } });
    const wanted = ofAnyAttempt([undisturbed.end, undisturbed.state]);
    const indexes = itemsIn(undisturbed.calls);
    for (const lostAt of schedules()) {
      const { end, state, asked, calls } = await follow(lostAt);
      expect([lostAt, asked.length]).toEqual([lostAt, lostAt.length + 1]);
      expect([lostAt, ofAnyAttempt([end, state])]).toEqual([lostAt, wanted]);
      expect([lostAt, state.attempt]).toEqual([lostAt, lostAt.length + 1]);
      // Each is told once, though attempts make it again.
      expect([lostAt, itemsIn(calls)]).toEqual([lostAt, indexes]);
    }
  });

  it('may reduce chunks by itself, in place or not', () => {
    const reduceAll = (chunks: readonly { type: string }[], reduce: typeof reduceTaskChunk) =>
      ofAnyAttempt(
        chunks.reduce((state, chunk) => reduce(state, chunk), initialTaskState as TaskState),
      );
    const whole = attemptsLog([]).frames.map(({ chunk }) => chunk);
    const undisturbed = reduceAll(whole, reduceTaskChunk);
    for (const lostAt of schedules()) {
      const chunks = attemptsLog(lostAt).frames.map(({ chunk }) => chunk);
      expect([lostAt, reduceAll(chunks, reduceTaskChunk)]).toEqual([lostAt, undisturbed]);
      expect([lostAt, reduceAll(chunks, growTask)]).toEqual([lostAt, undisturbed]);
    }
  });

  it('stays as it is when a replay brings an attempt again that it has seen', () => {
    for (const lostAt of [[16], [31], [16, 20], [31, 33, 34]]) {
      const log = attemptsLog(lostAt);
      const replay = log.after(undefined).map(({ chunk }) => chunk);
      for (let count = 1; count < log.frames.length; count++) {
        const seen = log.frames.slice(0, count).map(({ chunk }) => chunk);
        const all = [...seen, ...replay];
        const state = all.reduce(reduceTaskChunk, initialTaskState as TaskState);
        const whole = replay.reduce(reduceTaskChunk, initialTaskState as TaskState);
        expect([lostAt, count, state]).toEqual([lostAt, count, whole]);
      }
    }
  });

  it('ends alike when all of it comes in one read, with cursors within what is void', async () => {
    const undisturbed = ofAnyAttempt((await follow([])).state);
    for (const lostAt of [[6], [16], [31], [16, 20], [31, 33, 34]]) {
      const log = attemptsLog(lostAt);
      for (const { cursor } of log.frames.slice(0, -3)) {
        let isFirst = true;
        const fetch: typeof globalThis.fetch = async (_, init) => {
          const from = new Headers(init?.headers).get('last-event-id') ?? undefined;
          const at = log.frames.findIndex((frame) => frame.cursor === cursor);
          const epoch = cursor.split('-')[0];
          // Until the cut, what a client has that was there when this frame was the newest.
          const seen = isFirst
            ? attemptsLog(lostAt.slice(0, Number(epoch) - 1)).after(undefined)
            : log.after(from);
          const frames = isFirst
            ? seen.slice(0, seen.findIndex((f) => f.cursor === cursor) + 1)
            : seen;
          const bytes = bytesOf(frames, !isFirst);
          isFirst = false;
          expect(at).toBeGreaterThanOrEqual(0);
          return new Response(bytes, { headers });
        };
        const { store } = createStore({ api, fetch });
        await store.resume(taskId);
        await closed(store);
        expect([lostAt, cursor, ofAnyAttempt(store.getState())]).toEqual([
          lostAt,
          cursor,
          undisturbed,
        ]);
      }
    }
  });
});
