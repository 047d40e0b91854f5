import { type CreateTaskRouteOptions, createTaskRoute, defineTask } from 'ai-task-stream/server';
import superjson from 'superjson';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createDeferred, turns } from '../../helpers/async';
import { cursorsIn, storedChunksIn, typesIn, withoutHeartbeats } from '../../helpers/sse';
import { createId, createOwnContext } from '../../helpers/tasks';

const input = { prompt: 'A cat' };

function createRoute(
  options: CreateTaskRouteOptions = {},
  work: (given: unknown) => unknown = (given) => given,
) {
  const execute = vi.fn(work);
  const task = defineTask({
    name: 'draw',
    input: z.object({ prompt: z.string() }).optional(),
    execute: ({ input: given }) => execute(given),
  });
  const streamContext = createOwnContext();
  const route = createTaskRoute(task, { allowGet: true, streamContext, ...options });
  return { ...route, execute, streamContext };
}

function get(query: Record<string, string>, headers: Record<string, string> = {}): Request {
  return new Request(`http://localhost/task?${new URLSearchParams(query)}`, { headers });
}

const starting = (taskId: string, given: unknown = input) =>
  ({ taskId, input: JSON.stringify(given) }) as const;

function resultIn(text: string): unknown {
  const settlement = storedChunksIn(text).find(({ type }) => type === 'data-task-settle');
  return (settlement as { data: { result?: unknown } } | undefined)?.data.result;
}

describe('GET with an input', () => {
  it('starts the task of that taskId, and joins it when it comes again (R-GET-3)', async () => {
    const gate = createDeferred();
    const { GET, execute } = createRoute({}, async (given) => {
      await gate.promise;
      return given;
    });
    const taskId = createId();
    const responses = await Promise.all([GET(get(starting(taskId))), GET(get(starting(taskId)))]);
    gate.resolve();
    const texts = await Promise.all(responses.map((response) => response.text()));
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    expect(responses[0]?.headers.get('x-task-id')).toBe(taskId);
    expect(withoutHeartbeats(texts[1] ?? '')).toBe(withoutHeartbeats(texts[0] ?? ''));
    expect(resultIn(texts[0] ?? '')).toEqual(input);
    expect(execute).toHaveBeenCalledOnce();
  });

  it('follows from the cursor on, and gets 204 after the end, as EventSource reconnects', async () => {
    const { GET, execute } = createRoute();
    const query = starting(createId());
    const cursors = cursorsIn(await (await GET(get(query))).text());
    const rest = await GET(get(query, { 'last-event-id': cursors[1] ?? '' }));
    expect(cursorsIn(await rest.text())).toEqual(cursors.slice(2));
    const over = await GET(get(query, { 'last-event-id': cursors.at(-1) ?? '' }));
    expect([over.status, await over.text()]).toEqual([204, '']);
    expect(execute).toHaveBeenCalledOnce();
  });

  it('with a cursor never starts a task, also when its log is gone', async () => {
    const { GET, execute } = createRoute();
    const query = starting(createId());
    for (const response of [
      await GET(get(query, { 'last-event-id': '0-7' })),
      await GET(get({ ...query, lastEventId: '0-7' })),
    ]) {
      expect([response.status, (await response.json()).error.code]).toEqual([404, 'not-found']);
    }
    await turns();
    expect(execute).not.toHaveBeenCalled();
  });

  it('has to name its task (R-GET-3)', async () => {
    const { GET, execute } = createRoute();
    const response = await GET(get({ input: JSON.stringify(input) }));
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 400,
      body: {
        error: {
          code: 'invalid-task-id',
          message:
            'To start a task by GET, name it: `?taskId=` with an id that the page made, such as `crypto.randomUUID()`, so that it finds the task again when it reconnects.',
        },
      },
    });
    expect(execute).not.toHaveBeenCalled();
  });

  it('is told to use POST where the route does not allow it (R-GET-3)', async () => {
    const { GET, execute } = createRoute({ allowGet: false });
    const response = await GET(get(starting(createId())));
    expect(response.headers.get('allow')).toBe('POST');
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 405,
      body: {
        error: {
          code: 'method-not-allowed',
          message:
            'A GET with `input` starts nothing here. Use POST with `{ taskId?, input }`, or serve the route with `allowGet: true`.',
        },
      },
    });
    expect(execute).not.toHaveBeenCalled();
  });

  it('may be empty, for a task without an input', async () => {
    const { GET, execute } = createRoute();
    const response = await GET(get({ taskId: createId(), input: '' }));
    expect(typesIn(await response.text()).at(-1)).toBe('finish');
    expect(execute).toHaveBeenCalledExactlyOnceWith(undefined);
  });

  it('starts nothing as HEAD', async () => {
    const { GET, execute } = createRoute();
    const { url } = get(starting(createId()));
    expect((await GET(new Request(url, { method: 'HEAD' }))).status).toBe(405);
    expect(execute).not.toHaveBeenCalled();
  });

  it('is authorized as a start, and with a cursor as following', async () => {
    const authorize = vi.fn(() => false);
    const { GET, execute } = createRoute({ authorize });
    const query = starting(createId());
    const requests = [get(query), get(query, { 'last-event-id': '0-1' })];
    for (const request of requests) expect((await GET(request)).status).toBe(403);
    const { taskId } = query;
    expect(authorize.mock.calls).toEqual([
      [{ request: requests[0], action: 'start', taskId }],
      [{ request: requests[1], action: 'follow', taskId }],
    ]);
    expect(execute).not.toHaveBeenCalled();
  });

  it('finds nothing under the taskId of somebody else', async () => {
    const owner = (request: Request) => request.headers.get('x-user') ?? undefined;
    const { GET, execute } = createRoute({ owner });
    const query = starting(createId());
    await (await GET(get(query, { 'x-user': 'ada' }))).text();
    expect((await GET(get(query, { 'x-user': 'eve' }))).status).toBe(404);
    expect(execute).toHaveBeenCalledOnce();
  });
});

describe('a transformer', () => {
  const day = new Date('2026-01-02T03:04:05.678Z');

  function createDatedRoute() {
    const task = defineTask({
      name: 'dates',
      input: z.object({ day: z.date(), extra: z.unknown().optional() }),
      execute: ({ input: given, task: reporter }) => {
        reporter.partial(new Map([['day', given.day]]));
        return { next: new Date(given.day.getTime() + 86_400_000) };
      },
    });
    const options = { transformer: superjson, allowGet: true, streamContext: createOwnContext() };
    return createTaskRoute(task, options);
  }

  const valuesIn = (text: string) =>
    storedChunksIn(text).flatMap((chunk) => {
      const { value, result } =
        (chunk as { data?: { value?: string; result?: string } }).data ?? {};
      const encoded = value ?? result;
      return encoded === undefined ? [] : [superjson.parse(encoded)];
    });

  const decoded = [new Map([['day', day]]), { next: new Date('2026-01-03T03:04:05.678Z') }];

  it('carries dates and maps through POST, there and back', async () => {
    const response = await createDatedRoute().POST(
      new Request('http://localhost/task', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ input: superjson.stringify({ day }) }),
      }),
    );
    expect(valuesIn(await response.text())).toEqual(decoded);
  });

  it('carries them through GET, whose input is its text', async () => {
    const query = { taskId: createId(), input: superjson.stringify({ day }) };
    const response = await createDatedRoute().GET(get(query));
    expect(valuesIn(await response.text())).toEqual(decoded);
  });

  const harmful = (extra: string) =>
    `{"json":{"day":"${day.toISOString()}","extra":${extra}},"meta":{"values":{"day":["Date"]}}}`;

  it.each([
    ['text that is not its own', '{"json":'],
    ['nesting that overflows the stack', harmful(`${'['.repeat(300)}${']'.repeat(300)}`)],
    ['keys that pollute prototypes', harmful('{"constructor":{"prototype":{"polluted":1}}}')],
    [
      'paths that pollute prototypes',
      '{"json":{},"meta":{"values":{"__proto__.polluted":["Date"]}}}',
    ],
  ])('lets no harm in: %s', async (_what, text) => {
    const response = await createDatedRoute().GET(get({ taskId: createId(), input: text }));
    expect([response.status, (await response.json()).error.code]).toEqual([400, 'invalid-input']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
