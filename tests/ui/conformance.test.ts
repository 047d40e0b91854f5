// What PROTOCOL.md asks of a client, requirement by requirement, against a server that misbehaves.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createTaskStream, type TaskStream, type TaskStreamOptions } from 'ai-task-stream/ui';
import { afterEach, describe, expect, it } from 'vitest';
import { startHttpServer } from '../helpers/http-server';

interface Recorded {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

type Answer = (response: ServerResponse, request: Recorded) => void;

const taskId = 'conformance-task';
const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const at = 1_767_225_600_000;
const frame = (n: number | string, chunk: object) => `id: ${n}\ndata: ${JSON.stringify(chunk)}\n\n`;
const logOf = (index: number, id = taskId) => ({
  type: 'data-task-log',
  id: `${id}:${index}`,
  data: { taskId: id, index, level: 'info', message: `line ${index}`, at },
  transient: true,
});
const snapshotOf = (id = taskId) => ({
  type: 'data-task',
  id,
  data: { taskId: id, status: 'running', createdAt: at, updatedAt: at },
});
const settleOf = (id = taskId, result: unknown = 'done') => ({
  type: 'data-task-settle',
  id,
  data: { taskId: id, status: 'completed', result, durationMs: 1, settledAt: at + 1 },
});
const heartbeat = (intervalMs: number, beatAt = at) =>
  `data: ${JSON.stringify({ type: 'data-task-heartbeat', data: { taskId, at: beatAt, intervalMs }, transient: true })}\n\n`;
const start = frame('0-0', { type: 'start' }) + frame('0-1', snapshotOf());
const end = `${frame('0-90', settleOf())}${frame('0-91', { type: 'finish' })}data: [DONE]\n\n`;

function stream(text: string, leave: 'open' | 'end' | 'cut' = 'end'): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-task-id': taskId });
    response.write(text, () => {
      if (leave === 'end') response.end();
      if (leave === 'cut') response.destroy();
    });
  };
}

function refuse(status: number, code: string, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ error: { code, message: `Refused: ${code}.` } }));
  };
}

/** A server that gives one answer after the other, the last one again and again. */
async function serve(
  answers: Answer[],
  options: Partial<TaskStreamOptions> = {},
): Promise<{ store: TaskStream; requests: Recorded[] }> {
  const requests: Recorded[] = [];
  const { origin, stop } = await startHttpServer(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    const { method, url, headers } = request;
    const recorded = { method, url, headers, body };
    requests.push(recorded);
    const answer = answers[Math.min(requests.length, answers.length) - 1];
    answer?.(response, recorded);
  });
  const store = createTaskStream({
    api: `${origin}/task`,
    reconnect: { initialDelayMs: 1, maxDelayMs: 5 },
    ...options,
  });
  cleanups.push(async () => {
    store.dispose();
    await stop();
  });
  return { store, requests };
}

/** Resolves once the state is as wanted. */
function until(store: TaskStream, wanted: (state: ReturnType<TaskStream['getState']>) => boolean) {
  return new Promise<void>((resolve) => {
    const check = () => {
      if (!wanted(store.getState())) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = store.subscribe(check);
    check();
  });
}

describe('a client', () => {
  it('sends the last id that came with a complete event, as it came (R-CLIENT-1)', async () => {
    const { store, requests } = await serve([
      stream(start + frame('7-0041', logOf(0)), 'cut'),
      stream(`${frame('not even a cursor', logOf(1))}id: 9-9\ndata: {"type":"data-ta`, 'end'),
      stream(end),
    ]);
    expect(await store.start('in', { taskId })).toMatchObject({ status: 'completed' });
    expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      '7-0041',
      'not even a cursor',
    ]);
  });

  it('takes every end without settle for a cut (R-CLIENT-2)', async () => {
    const { store, requests } = await serve([
      stream(start, 'cut'),
      stream(frame('0-2', logOf(0)), 'end'),
      stream(`${frame('0-3', logOf(1))}data: [DONE]\n\n`),
      stream(`${frame('0-4', logOf(2))}${frame('0-5', { type: 'finish' })}`),
      stream(end),
    ]);
    expect(await store.start(1, { taskId })).toMatchObject({ status: 'completed', result: 'done' });
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET', 'GET', 'GET']);
    expect(store.getState().logs.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it('repeats its POST until there is an answer, and then uses GET (R-CLIENT-3)', async () => {
    const { store, requests } = await serve([
      (response) => response.destroy(),
      refuse(503, 'context-unavailable'),
      stream(frame('0-0', { type: 'start' }), 'cut'),
      (response, request) => {
        const named = new URL(request.url ?? '', 'http://localhost').searchParams.get('taskId');
        stream(end.replaceAll(taskId, named ?? ''))(response, request);
      },
    ]);
    expect(await store.start({ prompt: 'p' })).toMatchObject({ status: 'completed' });
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'GET']);
    const bodies = requests.slice(0, 3).map(({ body }) => JSON.parse(body));
    expect(bodies[0]).toEqual({
      taskId: expect.stringMatching(/^[\w-]{16,128}$/),
      input: { prompt: 'p' },
    });
    expect(bodies.slice(1)).toEqual([bodies[0], bodies[0]]);
    expect(requests[3]?.url).toBe(`/task?taskId=${bodies[0].taskId}`);
  });

  it('takes silence of three announced intervals for a cut (R-CLIENT-4)', async () => {
    const startedAt = performance.now();
    const { store, requests } = await serve([stream(start + heartbeat(30), 'open'), stream(end)]);
    expect(await store.start(1, { taskId })).toMatchObject({ status: 'completed' });
    expect(requests).toHaveLength(2);
    // Not the 15 s that hold before the first heartbeat.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(85);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('waits longer after each attempt in vain, and as long as Retry-After asks (R-CLIENT-5)', async () => {
    const waits: number[] = [];
    let answeredAt = performance.now();
    const noted =
      (answer: Answer): Answer =>
      (response, request) => {
        waits.push(performance.now() - answeredAt);
        answer(response, request);
        answeredAt = performance.now();
      };
    const { store } = await serve(
      [
        noted(refuse(500, 'internal')),
        noted(refuse(500, 'internal')),
        noted(refuse(500, 'internal')),
        noted(refuse(503, 'context-unavailable', { 'retry-after': '1' })),
        noted(stream(end)),
      ],
      { random: () => 1, reconnect: { initialDelayMs: 20, maxDelayMs: 60 } },
    );
    await store.resume(taskId);
    const [, first = 0, second = 0, third = 0, fourth = 0] = waits;
    expect(first).toBeGreaterThanOrEqual(19);
    expect(second).toBeGreaterThanOrEqual(39);
    expect(third).toBeGreaterThanOrEqual(59);
    expect(fourth).toBeGreaterThanOrEqual(990);
  });

  it('stops at 4xx, and at 204 without an outcome (R-CLIENT-6)', async () => {
    const gone = await serve([refuse(404, 'not-found')]);
    expect(await gone.store.resume(taskId)).toMatchObject({
      status: 'unsettled',
      error: { code: 'not-found', message: 'Refused: not-found.' },
    });
    expect(gone.requests).toHaveLength(1);
    const empty = await serve([(response) => response.writeHead(204).end()]);
    expect(await empty.store.resume(taskId)).toMatchObject({
      status: 'unsettled',
      error: { code: 'unsettled' },
    });
    expect(empty.requests).toHaveLength(1);
  });

  it('gives up after attempts without progress, and only those (R-CLIENT-7)', async () => {
    const reconnect = { initialDelayMs: 1, maxDelayMs: 1, maxAttempts: 3 };
    const silent = await serve([stream(heartbeat(5_000))], { reconnect });
    expect(await silent.store.resume(taskId)).toMatchObject({ error: { code: 'gave-up' } });
    // The first one brought a heartbeat; those that follow bring the same one again.
    expect(silent.requests).toHaveLength(4);

    const slow = await serve(
      [
        ...Array.from({ length: 6 }, (_, n) => stream(frame(`0-${n}`, logOf(n)))),
        ...Array.from({ length: 6 }, (_, n) => stream(heartbeat(5_000, at + n))),
        stream(end),
      ],
      { reconnect },
    );
    expect(await slow.store.resume(taskId)).toMatchObject({ status: 'completed' });
  });

  it('ignores what it does not know, has seen, or comes too late (R-CLIENT-8)', async () => {
    const { store } = await serve([
      stream(
        [
          start,
          frame('0-2', { type: 'data-from-the-future', data: 1, more: true }),
          frame('0-3', logOf(0)),
          frame('0-4', logOf(0)),
          frame('0-5', { ...logOf(1), unknown: true }),
          frame('0-6', settleOf(taskId, 'first')),
          frame('0-7', settleOf(taskId, 'second')),
          frame('0-8', logOf(2)),
          frame('0-9', { type: 'finish' }),
          'data: [DONE]\n\n',
        ].join(''),
      ),
    ]);
    expect(await store.start(1, { taskId })).toMatchObject({ result: 'first' });
    await until(store, ({ connection }) => connection === 'closed');
    expect(store.getState()).toMatchObject({ result: 'first', status: 'completed' });
    expect(store.getState().logs.map(({ index }) => index)).toEqual([0, 1]);
  });

  it('reads on when a task within the task has settled (R-CLIENT-9)', async () => {
    const child = 'conformance-child';
    const { store } = await serve([
      stream(start + frame('0-2', snapshotOf(child)) + frame('0-3', settleOf(child, 'part'))),
      stream(end),
    ]);
    expect(await store.resume(taskId)).toMatchObject({ taskId, result: 'done' });
    expect(store.getState().children[child]?.settlement).toMatchObject({ result: 'part' });
  });

  it('cancels by DELETE and reads on; detaches by leaving (R-CLIENT-10)', async () => {
    let streaming: ServerResponse | undefined;
    const { store, requests } = await serve([
      (response, request) => {
        streaming = response;
        stream(start, 'open')(response, request);
      },
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"cancelled":true}');
        streaming?.end(end);
      },
      stream('', 'open'),
    ]);
    const settlement = store.start(1, { taskId });
    await until(store, ({ status }) => status === 'running');
    expect(await store.cancel('Enough.')).toBe(true);
    expect(await settlement).toMatchObject({ status: 'completed' });
    expect(requests[1]).toMatchObject({
      method: 'DELETE',
      url: `/task?taskId=${taskId}&reason=Enough.`,
    });

    const other = store.resume('another-conformance-task');
    await until(store, ({ connection }) => connection === 'connected');
    store.detach();
    expect(await other).toMatchObject({ status: 'unsettled', error: { code: 'aborted' } });
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'DELETE', 'GET']);
  });
});
