import { afterEach, describe, expect, it, vi } from 'vitest';
import { TaskChatTransport } from '../../src/ui';
import { paceUpdates } from '../../src/ui/react/pace-updates';
import { frame, heartbeat, recording, snapshot, taskId } from '../helpers/recording';
import { eventStream, scriptFetch } from '../helpers/scripted-fetch';
import { createStore, freshTaskStore } from './helpers';

afterEach(() => {
  vi.restoreAllMocks();
});

const api = '/api/task';

describe('a number that an option cannot be', () => {
  const wrong = [Number.NaN, -1, '10' as never, null as never];
  const names = ['initialDelayMs', 'maxDelayMs', 'maxAttempts', 'maxElapsedMs'];

  it.each(names.flatMap((name) => wrong.map((value) => [name, value] as const)))(
    'is refused at once: %s %j',
    (name, value) => {
      const error = { code: 'invalid-options', message: expect.stringContaining(`\`${name}\``) };
      const reconnect = { [name]: value };
      expect(() => createStore({ api, reconnect })).toThrow(expect.objectContaining(error));
      expect(() => new TaskChatTransport({ reconnect })).toThrow(expect.objectContaining(error));
    },
  );

  it.each([0, ...wrong])('is refused as stallTimeoutMs: %j', (stallTimeoutMs) => {
    const error = { code: 'invalid-options', message: expect.stringContaining('stallTimeoutMs') };
    expect(() => createStore({ api, stallTimeoutMs })).toThrow(expect.objectContaining(error));
    expect(() => new TaskChatTransport({ stallTimeoutMs })).toThrow(expect.objectContaining(error));
  });

  it.each(wrong)('is refused as throttleMs: %j', (throttleMs) => {
    const source = { getState: () => 1, subscribe: () => () => {} };
    const error = { code: 'invalid-options', message: expect.stringContaining('throttleMs') };
    expect(() => paceUpdates(source, () => throttleMs)).toThrow(expect.objectContaining(error));
  });

  it('is none of these', () => {
    const most = Number.POSITIVE_INFINITY;
    const reconnect = { maxAttempts: most, maxElapsedMs: most, initialDelayMs: 0, maxDelayMs: 0 };
    expect(() => createStore({ api, reconnect, stallTimeoutMs: most })).not.toThrow();
    expect(() => new TaskChatTransport({ reconnect: { maxAttempts: 0 } })).not.toThrow();
  });
});

describe('options that contradict each other', () => {
  it('are warned of once per page', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { fetch } = scriptFetch((index) =>
      index > 0
        ? eventStream(recording.bytesAfter(), { end: true })
        : eventStream(frame(0, snapshot()) + heartbeat(1, 5000)),
    );
    const createTaskStore = await freshTaskStore();
    const reconnect = { initialDelayMs: 0 };
    for (let n = 0; n < 3; n++) {
      const one = createTaskStore({ api, reconnect: { initialDelayMs: 2, maxDelayMs: 1 } });
      const other = createTaskStore({ api, fetch, stallTimeoutMs: 50, reconnect });
      await other.start('x', { taskId });
      one.dispose();
      other.dispose();
    }
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining('`initialDelayMs` is above `maxDelayMs`')],
      [expect.stringContaining('`stallTimeoutMs` is below the interval of the heartbeats')],
    ]);
  });
});
