// How a process takes leave of what it has on one stream context.
import { createManualClock } from 'ai-task-stream/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDraining, type LeavingResponse } from '../../../src/server/log/draining';
import { createDeferred } from '../../helpers/async';

let clock: ReturnType<typeof createManualClock>;

beforeEach(() => {
  clock = createManualClock();
});

afterEach(() => clock.uninstall());

function start() {
  const { draining, drain } = createDraining({ canHandOver: true });
  const seen: string[] = [];
  const enter = () => {
    const response: LeavingResponse = {
      leave: (withinMs) => {
        seen.push(`leave within ${withinMs}`);
      },
    };
    draining.enter(response);
    return () => draining.exit(response);
  };
  const begin = (timeoutMs?: number) =>
    drain(timeoutMs === undefined ? {} : { timeoutMs }).then(() => void seen.push('drained'));
  return { draining, drain, seen, enter, begin };
}

describe('draining', () => {
  it('is over at once when nothing is under way', async () => {
    const { draining, drain } = start();
    expect(draining.begun.aborted).toBe(false);
    expect(draining.leftMs()).toBe(Number.POSITIVE_INFINITY);
    await drain();
    expect(draining.begun.aborted && draining.leaving.aborted).toBe(true);
  });

  it('waits for what is under way, then for the responses', async () => {
    const { draining, seen, enter, begin } = start();
    const [first, second] = [createDeferred(), createDeferred()];
    draining.track(first.promise);
    const exit = enter();
    void begin();
    draining.track(second.promise);
    expect(draining.leftMs()).toBe(7_000);
    second.reject(new Error('Failing is an end, too.'));
    await clock.advance(1_000);
    expect(draining.leftMs()).toBe(6_000);
    expect([draining.leaving.aborted, seen]).toEqual([false, []]);
    first.resolve();
    await clock.advance(0);
    expect([draining.leaving.aborted, seen]).toEqual([true, ['leave within 750']]);
    exit();
    exit();
    await clock.advance(0);
    expect(seen).toEqual(['leave within 750', 'drained']);
  });

  it('leaves the last second, or eighth, of its time to the responses, and waits no longer', async () => {
    for (const [timeoutMs, tasksMs, spreadMs] of [
      [8_000, 7_000, 750],
      [800, 700, 75],
    ] as const) {
      const { draining, seen, enter, begin } = start();
      draining.track(new Promise(() => {}));
      enter();
      void begin(timeoutMs);
      expect(draining.leftMs()).toBe(tasksMs);
      await clock.advance(tasksMs - 1);
      expect(seen).toEqual([]);
      await clock.advance(2);
      expect(seen[0]).toBe(`leave within ${spreadMs}`);
      expect(draining.leftMs()).toBe(0);
      // It may also begin when responses leave already.
      enter();
      await clock.advance(timeoutMs);
      expect(seen).toEqual([seen[0], seen[0], 'drained']);
    }
  });

  it('is joined by a second call, whatever that asks for', async () => {
    const { draining, seen, begin } = start();
    draining.track(new Promise(() => {}));
    void begin(1_000);
    void begin(60_000);
    await clock.advance(1_000);
    expect(seen).toEqual(['drained', 'drained']);
  });

  it('calls whoever wants to know when it begins, or at once, unless they have left', async () => {
    const { draining, drain } = start();
    const seen: string[] = [];
    draining.whenBegun(() => seen.push('before'));
    draining.whenBegun(() => seen.push('left'))();
    const drained = drain();
    draining.whenBegun(() => seen.push('after'));
    expect(seen).toEqual(['before', 'after']);
    await drained;
  });

  it('refuses a time that is none', async () => {
    const { draining, drain } = start();
    await expect(drain({ timeoutMs: -1 })).rejects.toMatchObject({ code: 'invalid-options' });
    expect(draining.begun.aborted).toBe(false);
  });
});
