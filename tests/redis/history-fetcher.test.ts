import { expect, it } from 'vitest';
import { createHistoryFetcher } from '../../src/server/redis/history-fetcher';
import type { StoredFrames, StoredLog } from '../../src/server/redis/stored-log';

const record: StoredLog['record'] = {
  status: 'running',
  epoch: 0,
  end: 99,
  closedEpochs: new Map(),
  owner: undefined,
  name: undefined,
  chatId: undefined,
  createdAt: 0,
  settledAt: undefined,
  leaseMs: 1_000,
  cancel: undefined,
  isUnsaved: false,
};

function entry(first: number, { length = 20_000, epoch = 0 } = {}): StoredFrames {
  return { epoch, first, offset: first, frames: ['x'.repeat(length)], isGap: false, length };
}

function logOf(frames: StoredFrames[], hasMore: boolean): StoredLog {
  return { record, leaseLeftMs: 1_000, now: 0, frames, hasMore };
}

/** Notes what is asked for, and answers with what it is given. */
function createStorage({ logs, pages }: { logs: StoredLog[]; pages: StoredFrames[][] }) {
  const asked: string[] = [];
  return {
    asked,
    fetchLog: async ({ epoch, next }: { epoch: number; next: number }) => {
      asked.push(`log ${epoch}-${next}`);
      return logs.shift();
    },
    fetchPage: async ({ epoch, next }: { epoch: number; next: number }) => {
      asked.push(`page ${epoch}-${next}`);
      return pages.shift() ?? [];
    },
  };
}

it('reads large entries page by page, and looks at the task once there are no more', async () => {
  const storage = createStorage({ logs: [logOf([], false)], pages: [[entry(1), entry(2)]] });
  const fetch = createHistoryFetcher({ initial: logOf([entry(0)], true), ...storage });
  expect(await fetch({ epoch: 0, next: 1 })).toMatchObject({
    record,
    frames: [{ first: 1 }, { first: 2 }],
    hasMore: true,
  });
  expect(await fetch({ epoch: 0, next: 3 })).toMatchObject({ frames: [], hasMore: false });
  expect(storage.asked).toEqual(['page 0-1', 'page 0-3', 'log 0-3']);
});

it('looks at the task as soon as another epoch has begun, of which it knows nothing', async () => {
  const storage = createStorage({
    logs: [logOf([entry(1)], false)],
    pages: [[entry(1), entry(0, { epoch: 1 })]],
  });
  const fetch = createHistoryFetcher({ initial: logOf([entry(0)], true), ...storage });
  expect(await fetch({ epoch: 0, next: 1 })).toMatchObject({ hasMore: false });
  expect(storage.asked).toEqual(['page 0-1', 'log 0-1']);
});

it('reads small entries by their size, because there may be very many', async () => {
  const small = logOf([entry(0, { length: 100 })], true);
  const storage = createStorage({ logs: [small, logOf([], false)], pages: [] });
  const fetch = createHistoryFetcher({ initial: small, ...storage });
  await fetch({ epoch: 0, next: 1 });
  await fetch({ epoch: 0, next: 2 });
  expect(storage.asked).toEqual(['log 0-1', 'log 0-2']);
});
