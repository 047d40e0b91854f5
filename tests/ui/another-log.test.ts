// A storage has lost the log of a task, and the task was started again: what the client had of it
// must not mix with what follows.
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { chatVersions } from '../helpers/chat-versions';
import { heartbeat, log, partial, settle, snapshot, taskId } from '../helpers/recording';
import { openPage } from './chat/helpers';
import { type Calls, closed, createStore, serve } from './helpers';

const steps = [{ name: 'draw', weight: 1, status: 'running' }];
const runOf = (name: string, count: number): object[] => [
  { type: 'start', messageId: `message-${name}` },
  snapshot({ name, steps }),
  { type: 'text-start', id: 't' },
  ...Array.from({ length: count }, (_, n) => [
    log(n, `${name} ${n}`),
    partial(n, `${name} ${n}`),
    { type: 'text-delta', id: 't', delta: `${name}${n} ` },
  ]).flat(),
  { type: 'text-end', id: 't' },
  snapshot({ name, status: 'completed', steps: [] }),
  settle({ result: name }),
  { type: 'finish' },
];
const framesOf = (epoch: number, chunks: object[]) =>
  chunks.map((chunk, n) => `id: ${epoch}-${n}\ndata: ${JSON.stringify(chunk)}\n\n`);
const first = framesOf(100, runOf('first', 5));
const second = framesOf(200, runOf('second', 3));
const gapAt = (cursor: string) => {
  const error = { code: 'gap', message: 'Anew.', retryable: false };
  const data = { taskId, ...error, details: { cause: 'another-log' } };
  return `id: ${cursor}\ndata: ${JSON.stringify({ type: 'data-task-error', id: taskId, data })}\n\n`;
};
const gapChunk = (cursor = '100-0') => JSON.parse(gapAt(cursor).split('data: ')[1] ?? '');

function send(response: ServerResponse, frames: readonly string[], isWhole = true): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-task-id': taskId });
  const text = `retry: 1000\n\n${heartbeat(1, 60_000)}${frames.join('')}`;
  response.write(text, () => (isWhole ? response.end('data: [DONE]\n\n') : response.destroy()));
}

/** Follows a task over a server, and notes what the callbacks were told. */
async function follow(answer: (response: ServerResponse, cursor: string | undefined) => void) {
  const server = await serve((response, { headers }) =>
    answer(response, headers['last-event-id'] as string | undefined),
  );
  const { store, calls } = createStore({ api: server.api });
  const end = await store.resume(taskId);
  await closed(store);
  return { end, state: store.getState(), told: calls };
}

/** What was told from the gap on. */
function afterGap(told: Calls): Calls {
  return told.slice(told.findIndex(([name, code]) => name === 'error' && code === 'gap') + 1);
}

describe('a client whose task was begun anew', () => {
  it('forgets what it had, wherever it was cut, and ends as after an undisturbed run (R-CLIENT-11)', async () => {
    const undisturbed = await follow((response) => send(response, second));
    // The last two frames are the outcome and what follows it.
    for (let count = 1; count < first.length - 1; count++) {
      const cursor = `100-${count - 1}`;
      const { end, state, told } = await follow((response, from) =>
        from === undefined
          ? send(response, first.slice(0, count), false)
          : send(response, [gapAt(from), ...second]),
      );
      expect(end).toEqual(undisturbed.end);
      const { message, ...rest } = state;
      const { message: wanted, ...others } = undisturbed.state;
      expect(rest).toEqual(others);
      expect(message).toEqual({ ...wanted, parts: [gapChunk(cursor), ...wanted.parts] });
      expect(afterGap(told)).toEqual(undisturbed.told);
    }
  });

  it('takes in all of it when it comes in one read with what went before', async () => {
    const undisturbed = await follow((response) => send(response, second));
    const { state, told } = await follow((response) =>
      send(response, [...first.slice(0, 9), gapAt('100-8'), ...second]),
    );
    expect({ ...state, message: undefined }).toEqual({ ...undisturbed.state, message: undefined });
    expect(afterGap(told)).toEqual(undisturbed.told);
  });

  it('that has the outcome stays with it', async () => {
    const undisturbed = await follow((response) => send(response, first));
    const { end, state, told } = await follow((response, from) =>
      from === undefined
        ? send(response, first.slice(0, -1), false)
        : send(response, [gapAt(from), ...second]),
    );
    expect(end).toEqual(undisturbed.end);
    expect(state).toEqual(undisturbed.state);
    expect(told).toEqual(undisturbed.told);
  });
});

describe.each(chatVersions)('a chat of AI SDK $version whose task was begun anew', (version) => {
  it('is told, and gets nothing of the other run behind what it has', async () => {
    const server = await serve((response, { headers }) => {
      const from = headers['last-event-id'] as string | undefined;
      if (from === undefined) send(response, first.slice(0, 9), false);
      else send(response, [gapAt(from), ...second]);
    });
    const page = await openPage(version, { api: server.api });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.chat.status).toBe('error');
    expect(page.chat.error).toMatchObject({ code: 'gap', details: { cause: 'another-log' } });
    expect(JSON.stringify(page.answer())).not.toContain('second');
  });
});
