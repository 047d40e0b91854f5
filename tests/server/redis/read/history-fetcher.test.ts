import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../../../src/protocol/cursor';
import type { LogEntry } from '../../../../src/server/log/log-part';
import {
  createHistoryFetcher,
  fetchStart,
} from '../../../../src/server/redis/read/history-fetcher';
import type { StoredLog } from '../../../../src/server/redis/scripts/stored-log';

const record: StoredLog['record'] = {
  status: 'running',
  firstEpoch: 0,
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

function entry(offset: number, { length = 20_000, epoch = 0 } = {}): LogEntry {
  return { epoch, offset, frames: ['x'.repeat(length)] };
}

function logOf(frames: LogEntry[], hasMore: boolean): StoredLog {
  return { record, leaseLeftMs: 1_000, now: 0, frames, hasMore };
}

/** Notes what is asked for, and answers with what it is given. */
function createStorage({ logs, pages }: { logs: StoredLog[]; pages: LogEntry[][] }) {
  const asked: string[] = [];
  const placeOf = (position?: Cursor) => (position ? `${position.epoch}-${position.n}` : 'record');
  return {
    asked,
    fetchLog: async (position?: Cursor) => {
      asked.push(`log ${placeOf(position)}`);
      return logs.shift();
    },
    fetchPage: async (position: Cursor, count: number) => {
      asked.push(`page ${placeOf(position)} ${count}`);
      return pages.shift() ?? [];
    },
  };
}

it('reads large entries page by page, and each as soon as the one before has come', async () => {
  const storage = createStorage({
    logs: [],
    pages: [
      [entry(1), entry(2)],
      [entry(3), entry(99)],
    ],
  });
  const fetch = createHistoryFetcher({ initial: logOf([entry(0)], true), ...storage });
  expect(storage.asked).toEqual(['page 0-1 16']);
  expect(await fetch({ epoch: 0, n: 1 })).toMatchObject({
    record,
    frames: [{ offset: 1 }, { offset: 2 }],
    hasMore: true,
  });
  expect(storage.asked).toEqual(['page 0-1 16', 'page 0-3 16']);
  expect(await fetch({ epoch: 0, n: 3 })).toMatchObject({
    frames: [{ offset: 3 }, { offset: 99 }],
    hasMore: false,
  });
  expect(storage.asked).toHaveLength(2);
});

it('reads another page than the one that it has asked for when that is wanted', async () => {
  const storage = createStorage({ logs: [], pages: [[entry(1)], [entry(7)]] });
  const fetch = createHistoryFetcher({ initial: logOf([entry(0)], true), ...storage });
  expect(await fetch({ epoch: 0, n: 7 })).toMatchObject({ frames: [{ offset: 7 }] });
  expect(storage.asked).toEqual(['page 0-1 16', 'page 0-7 16', 'page 0-8 16']);
});

it('takes what was added meanwhile for a part of the log', async () => {
  const storage = createStorage({ logs: [], pages: [[entry(99), entry(100)]] });
  const fetch = createHistoryFetcher({ initial: logOf([entry(98)], true), ...storage });
  expect(await fetch({ epoch: 0, n: 99 })).toMatchObject({
    record: { end: 100 },
    hasMore: false,
  });
});

it('looks at the task when something is missing', async () => {
  const storage = createStorage({ logs: [logOf([], false)], pages: [[entry(1)], []] });
  const fetch = createHistoryFetcher({ initial: logOf([entry(0)], true), ...storage });
  await fetch({ epoch: 0, n: 1 });
  expect(await fetch({ epoch: 0, n: 2 })).toMatchObject({ frames: [], hasMore: false });
  expect(storage.asked).toEqual(['page 0-1 16', 'page 0-2 16', 'log 0-2']);
});

it('looks at the task as soon as another epoch has begun, of which it knows nothing', async () => {
  const storage = createStorage({
    logs: [logOf([entry(1)], false)],
    pages: [[entry(1), entry(0, { epoch: 1 })]],
  });
  const fetch = createHistoryFetcher({ initial: logOf([entry(0)], true), ...storage });
  expect(await fetch({ epoch: 0, n: 1 })).toMatchObject({ hasMore: false });
  expect(storage.asked).toEqual(['page 0-1 16', 'log 0-1']);
});

it('asks again for a page that did not come', async () => {
  const pages = [[entry(1)]];
  let failures = 1;
  const fetch = createHistoryFetcher({
    initial: logOf([entry(0)], true),
    fetchLog: async () => undefined,
    async fetchPage() {
      if (failures-- > 0) throw new Error('away');
      return pages.shift() ?? [];
    },
  });
  await expect(fetch({ epoch: 0, n: 1 })).rejects.toThrow('away');
  expect(await fetch({ epoch: 0, n: 1 })).toMatchObject({ frames: [{ offset: 1 }] });
});

it('reads small entries by their size, because there may be very many', async () => {
  const small = logOf([entry(0, { length: 100 })], true);
  const storage = createStorage({ logs: [small, logOf([], false)], pages: [] });
  const fetch = createHistoryFetcher({ initial: small, ...storage });
  await fetch({ epoch: 0, n: 1 });
  await fetch({ epoch: 0, n: 2 });
  expect(storage.asked).toEqual(['log 0-1', 'log 0-2']);
});

describe('the first read', () => {
  it('looks at the task and reads its first entries at once', async () => {
    const storage = createStorage({ logs: [logOf([], false)], pages: [[entry(5), entry(6)]] });
    expect(await fetchStart(storage, { epoch: 0, n: 5 })).toMatchObject({
      record,
      frames: [{ offset: 5 }, { offset: 6 }],
      hasMore: true,
    });
    expect(storage.asked).toEqual(['log record', 'page 0-5 8']);
  });

  it('knows where the log ends, with entries or without', async () => {
    const whole = createStorage({ logs: [logOf([], false)], pages: [[entry(99)]] });
    expect(await fetchStart(whole, { epoch: 0, n: 99 })).toMatchObject({ hasMore: false });
    const atEnd = createStorage({ logs: [logOf([], false)], pages: [] });
    expect(await fetchStart(atEnd, { epoch: 0, n: 100 })).toMatchObject({
      frames: [],
      hasMore: false,
    });
    const missing = createStorage({ logs: [logOf([], false)], pages: [] });
    expect(await fetchStart(missing, { epoch: 0, n: 50 })).toMatchObject({
      frames: [],
      hasMore: true,
    });
  });

  it('leaves the log as long as it is for a reader that has seen more (R-CURSOR-5)', async () => {
    const storage = createStorage({ logs: [logOf([], false)], pages: [] });
    expect(await fetchStart(storage, { epoch: 0, n: 150 })).toMatchObject({
      record,
      frames: [],
      hasMore: false,
    });
    expect(storage.asked).toEqual(['log record', 'page 0-150 8']);
  });

  it('looks once more when another epoch began in between', async () => {
    const storage = createStorage({
      logs: [logOf([], false), logOf([entry(0, { epoch: 1 })], false)],
      pages: [[entry(99), entry(0, { epoch: 1 })]],
    });
    expect(await fetchStart(storage, { epoch: 0, n: 99 })).toMatchObject({
      frames: [{ epoch: 1 }],
    });
    expect(storage.asked).toEqual(['log record', 'page 0-99 8', 'log 0-99']);
  });

  it('looks once more when the entries did not come', async () => {
    const storage = createStorage({
      logs: [logOf([], false), logOf([entry(7)], false)],
      pages: [],
    });
    const fetchPage = () => Promise.reject(new Error('cut'));
    expect(await fetchStart({ ...storage, fetchPage }, { epoch: 0, n: 7 })).toMatchObject({
      frames: [{ offset: 7 }],
    });
    expect(storage.asked).toEqual(['log record', 'log 0-7']);
  });

  it('finds no task where there is none', async () => {
    expect(await fetchStart(createStorage({ logs: [], pages: [] }), { epoch: 0, n: 0 })).toBe(
      undefined,
    );
  });
});
