import { TaskError } from 'ai-task-stream';
import {
  type CreateTaskRouteOptions,
  createTaskRoute,
  type DefinedExecuteOptions,
  defineTask,
  resumeTask,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { toTaskStreamContext } from '../../../src/server/to-task-stream-context';
import { aborted, createDeferred, turns } from '../../helpers/async';
import { cursorsIn, storedChunksIn, typesIn, withoutHeartbeats } from '../../helpers/sse';
import { createId, createOwnContext } from '../../helpers/tasks';

const schema = z.object({ prompt: z.string(), count: z.coerce.number().default(1) });

type Execute = (
  options: DefinedExecuteOptions<z.output<typeof schema>, string, unknown>,
) => unknown;

function createRoute(
  options: CreateTaskRouteOptions = {},
  execute: Execute = ({ input }) => input,
) {
  const streamContext = toTaskStreamContext(options.streamContext ?? createOwnContext());
  const reported: unknown[] = [];
  const run = vi.fn(execute);
  const task = defineTask({ name: 'draw', input: schema, execute: run });
  const onError = (error: unknown) => reported.push(error);
  const route = createTaskRoute(task, { onError, ...options, streamContext });
  return { ...route, streamContext, execute: run, reported };
}

function post(body: unknown, headers: Record<string, string> = {}): Request {
  return new Request('http://localhost/task', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function get(taskId: string, headers: Record<string, string> = {}): Request {
  return new Request(`http://localhost/task?taskId=${encodeURIComponent(taskId)}`, { headers });
}

function del(taskId: string, reason?: string, headers: Record<string, string> = {}): Request {
  const url = new URL(`http://localhost/task?taskId=${encodeURIComponent(taskId)}`);
  if (reason !== undefined) url.searchParams.set('reason', reason);
  return new Request(url, { method: 'DELETE', headers });
}

async function answerOf(response: Response) {
  return { status: response.status, body: await response.json() };
}

const notFound = {
  status: 404,
  body: {
    error: {
      code: 'not-found',
      message: 'There is no such task, or its log is no longer kept. Start it anew.',
    },
  },
};

const invalidTaskId = {
  status: 400,
  body: {
    error: {
      code: 'invalid-task-id',
      message: 'A taskId is a string of 16 to 128 characters of A-Z, a-z, 0-9, "_" and "-".',
    },
  },
};

const input = { prompt: 'A cat' };

describe('POST', () => {
  it('starts the task with what the schema makes of the input', async () => {
    const { POST } = createRoute();
    const taskId = createId();
    const response = await POST(post({ taskId, input: { prompt: 'A cat', count: '3' } }));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('x-task-id')).toBe(taskId);
    const chunks = storedChunksIn(await response.text());
    expect(chunks[1]).toMatchObject({ id: taskId, data: { name: 'draw', status: 'running' } });
    expect(chunks.at(-2)).toMatchObject({ data: { result: { prompt: 'A cat', count: 3 } } });
  });

  it('names the task itself when the request does not', async () => {
    const { POST } = createRoute();
    const response = await POST(post({ input }));
    expect(response.headers.get('x-task-id')).toMatch(/^[0-9a-f]{32}$/);
    await response.text();
  });

  it('joins the task when the taskId comes again', async () => {
    const gate = createDeferred();
    const { POST, execute } = createRoute({}, () => gate.promise);
    const taskId = createId();
    const responses = [await POST(post({ taskId, input })), await POST(post({ taskId, input }))];
    gate.resolve();
    const texts = await Promise.all(responses.map((response) => response.text()));
    expect(withoutHeartbeats(texts[1] ?? '')).toBe(withoutHeartbeats(texts[0] ?? ''));
    expect(execute).toHaveBeenCalledOnce();
  });

  it('hands the request and the parameters of the route to execute', async () => {
    const { POST } = createRoute({}, ({ request, params }) => ({
      own: request?.headers.get('x-own'),
      params,
    }));
    const params = Promise.resolve({ id: '7' });
    const response = await POST(post({ input }, { 'x-own': '1' }), { params });
    expect(storedChunksIn(await response.text()).at(-2)).toMatchObject({
      data: { result: { own: '1', params: { id: '7' } } },
    });
    const without = await POST(post({ input }));
    expect(storedChunksIn(await without.text()).at(-2)).toMatchObject({
      data: { result: { own: null, params: {} } },
    });
  });

  it('takes any input when the task has no schema', async () => {
    const task = defineTask({ name: 'any', execute: ({ input: given }) => ({ given }) });
    const { POST } = createTaskRoute(task, { streamContext: createOwnContext() });
    for (const given of [undefined, null, 'text', [1], { deep: { n: 1 } }]) {
      const response = await POST(post({ input: given }));
      expect(storedChunksIn(await response.text()).at(-2)).toMatchObject({
        data: { result: given === undefined ? {} : { given } },
      });
    }
  });

  it('takes settings from the definition, and those of the route before them', async () => {
    const settings = vi.fn();
    const task = defineTask({
      name: 'both',
      heartbeatMs: 1_000,
      steps: { a: 1 },
      onError: () => settings('definition'),
      execute: async () => {
        await turns(20);
        throw new Error('one');
      },
    });
    const streamContext = createOwnContext();
    const own = createTaskRoute(task, { streamContext });
    const text = await (await own.POST(post({}))).text();
    expect(text).toContain('"intervalMs":1000');
    expect(text).toContain('"steps":[{"name":"a"');
    const route = createTaskRoute(task, {
      streamContext,
      heartbeatMs: 2_000,
      onError: () => settings('route'),
    });
    expect(await (await route.POST(post({}))).text()).toContain('"intervalMs":2000');
    expect(settings.mock.calls).toEqual([['definition'], ['route']]);
  });

  it('decodes the input and encodes the result by the transformer', async () => {
    const transformer = {
      stringify: (value: unknown) => `!${JSON.stringify(value)}`,
      parse: (text: string) => JSON.parse(text.slice(1)),
    };
    const { POST, execute } = createRoute({ transformer });
    const response = await POST(post({ input: `!${JSON.stringify(input)}` }));
    expect(storedChunksIn(await response.text()).at(-2)).toMatchObject({
      data: { result: '!{"prompt":"A cat","count":1}' },
    });
    for (const wrong of ['{"prompt"', input, 7]) {
      expect(await answerOf(await POST(post({ input: wrong })))).toMatchObject({
        status: 400,
        body: { error: { code: 'invalid-input' } },
      });
    }
    expect(execute).toHaveBeenCalledOnce();
  });

  const badBodies: [string, Request, number, { code: string; message: string }][] = [
    [
      'of another type',
      post({ input }, { 'content-type': 'text/plain' }),
      415,
      {
        code: 'unsupported-media-type',
        message: 'Send the body as JSON, with the header `content-type: application/json`.',
      },
    ],
    [
      'of a type that only begins like JSON',
      post({ input }, { 'content-type': 'application/jsonx' }),
      415,
      {
        code: 'unsupported-media-type',
        message: 'Send the body as JSON, with the header `content-type: application/json`.',
      },
    ],
    [
      'that is no JSON',
      post('{"input":'),
      400,
      { code: 'invalid-body', message: 'The body is not valid JSON.' },
    ],
    [
      'that is empty',
      post(''),
      400,
      { code: 'invalid-body', message: 'The body is not valid JSON.' },
    ],
    [
      'that is not UTF-8',
      new Request('http://localhost/', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: new Uint8Array([0x22, 0xff, 0x22]),
      }),
      400,
      { code: 'invalid-body', message: 'The body is not valid JSON.' },
    ],
    ...['[]', 'null', '"text"', '7', 'true'].map(
      (body): [string, Request, number, { code: string; message: string }] => [
        `that is ${body}`,
        post(body),
        400,
        {
          code: 'invalid-body',
          message: 'The body must be an object of the form `{ taskId?, input }`.',
        },
      ],
    ),
    [
      'that is too large',
      post({ input: { prompt: 'x'.repeat(1024 * 1024) } }),
      413,
      {
        code: 'body-too-large',
        message: 'The body is larger than 1048576 bytes. Send less, or raise `maxBodyBytes`.',
      },
    ],
    [
      'whose declared length is too large',
      post({ input }, { 'content-length': '1048577' }),
      413,
      {
        code: 'body-too-large',
        message: 'The body is larger than 1048576 bytes. Send less, or raise `maxBodyBytes`.',
      },
    ],
    ...[{ prompt: 'A cat' }, { taskId: createId(), prompt: 'A cat', count: 3 }].map(
      (body): [string, Request, number, { code: string; message: string }] => [
        `that has ${Object.keys(body)}, but no input`,
        post(body),
        400,
        {
          code: 'invalid-body',
          message:
            'The body has no `input`. Put what the task takes into it: `{ taskId?, input: { … } }`.',
        },
      ],
    ),
    ...[
      'short',
      'a'.repeat(129),
      'has spaces in it ok',
      '../../../../etc/passwd',
      '',
      7,
      null,
      ['a'.repeat(16)],
    ].map((taskId): [string, Request, number, { code: string; message: string }] => [
      `with the taskId ${JSON.stringify(taskId)}`,
      post({ taskId, input }),
      400,
      invalidTaskId.body.error,
    ]),
  ];

  it.each(badBodies)(
    'refuses a body %s, and starts nothing',
    async (_name, request, status, error) => {
      const { POST, execute, streamContext } = createRoute();
      const open = vi.spyOn(streamContext, 'open');
      const response = await POST(request);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await answerOf(response)).toEqual({ status, body: { error } });
      await turns();
      expect(execute).not.toHaveBeenCalled();
      expect(open).not.toHaveBeenCalled();
    },
  );

  it('measures the body by its bytes, as they come', async () => {
    const { POST, execute } = createRoute({ maxBodyBytes: 100 });
    let pulls = 0;
    const cancelled = vi.fn();
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulls++;
          controller.enqueue(new TextEncoder().encode('x'.repeat(60)));
        },
        cancel: cancelled,
      },
      { highWaterMark: 0 },
    );
    const request = new Request('http://localhost/', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      duplex: 'half',
    } as RequestInit);
    expect((await POST(request)).status).toBe(413);
    expect(pulls).toBe(2);
    expect(cancelled).toHaveBeenCalledOnce();
    expect(execute).not.toHaveBeenCalled();
    const fits = JSON.stringify({ input: { prompt: `a${'ä'.repeat(38)}` } });
    expect(new TextEncoder().encode(fits).length).toBe(100);
    const response = await POST(post(fits));
    expect(response.status).toBe(200);
    await response.text();
    expect((await POST(post(`${fits} `))).status).toBe(413);
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
    'takes a body of the type %s',
    async (type) => {
      const { POST } = createRoute();
      const response = await POST(post({ input }, { 'content-type': type }));
      expect(response.status).toBe(200);
      await response.text();
    },
  );

  it('answers an input that does not fit with the issues of the schema', async () => {
    const { POST, execute } = createRoute();
    const deep = z.object({ list: z.array(z.object({ n: z.number() })) });
    expect(await answerOf(await POST(post({ input: { prompt: 7 } })))).toEqual({
      status: 400,
      body: {
        error: {
          code: 'invalid-input',
          message: 'The input does not fit. See the issues in `details`.',
          details: {
            issues: [{ message: expect.stringContaining('string'), path: ['prompt'] }],
          },
        },
      },
    });
    const task = defineTask({ name: 'deep', input: deep, execute: () => execute({} as never) });
    const route = createTaskRoute(task, { streamContext: createOwnContext() });
    expect(
      await answerOf(await route.POST(post({ input: { list: [{ n: 1 }, {}] } }))),
    ).toMatchObject({
      body: { error: { details: { issues: [{ path: ['list', '1', 'n'] }] } } },
    });
    expect((await route.POST(post({}))).status).toBe(400);
    expect(execute).not.toHaveBeenCalled();
  });

  it('answers 503 while the storage is away', async () => {
    const away: TaskStreamContext = {
      ...createOwnContext(),
      open: () => Promise.reject(new Error('secret')),
    };
    const { POST, execute } = createRoute({ streamContext: away });
    const response = await POST(post({ input }));
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await answerOf(response)).toMatchObject({
      status: 503,
      body: { error: { code: 'context-unavailable', retryable: true } },
    });
    expect(execute).not.toHaveBeenCalled();
  });
});

describe('GET', () => {
  it('follows a running task, and replays one that has settled from the cursor on', async () => {
    const gate = createDeferred();
    const { POST, GET } = createRoute({}, () => gate.promise);
    const taskId = createId();
    const first = await POST(post({ taskId, input }));
    const second = await GET(get(taskId));
    gate.resolve();
    const text = await first.text();
    expect(withoutHeartbeats(await second.text())).toBe(withoutHeartbeats(text));
    const from = (n: number) => GET(get(taskId, { 'last-event-id': cursorsIn(text)[n] ?? '' }));
    expect(typesIn(await (await from(2)).text())).toEqual(['data-task-settle', 'finish']);
    expect((await from(4)).status).toBe(204);
  });

  it.each(['short', '', 'has spaces in it ok'])(
    'answers the taskId %j with 400',
    async (taskId) => {
      const { GET } = createRoute();
      expect(await answerOf(await GET(get(taskId)))).toEqual(invalidTaskId);
    },
  );

  it('asks for the taskId that a request to follow or cancel leaves out', async () => {
    const { GET, DELETE } = createRoute();
    const request = new Request('http://localhost/task');
    const answers = [await GET(request), await DELETE(request)];
    const unnamed = resumeTask({ streamContext: createOwnContext() });
    for (const response of [...answers, await unnamed.toResponse()]) {
      expect(await answerOf(response)).toEqual({
        status: 400,
        body: {
          error: {
            code: 'invalid-task-id',
            message:
              'No task is named. Say which one with `taskId`, such as `?taskId=` in the address.',
          },
        },
      });
    }
  });

  it('answers an unknown task with 404 and a bad cursor with 400', async () => {
    const { GET, POST } = createRoute();
    expect(await answerOf(await GET(get(createId())))).toEqual(notFound);
    const taskId = createId();
    await (await POST(post({ taskId, input }))).text();
    expect(await answerOf(await GET(get(taskId, { 'last-event-id': 'abc' })))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid-cursor' } },
    });
  });
});

describe('DELETE', () => {
  it('stops a running task with the reason of the request', async () => {
    const { POST, DELETE } = createRoute({}, ({ signal }) => aborted(signal));
    const taskId = createId();
    const response = await POST(post({ taskId, input }));
    expect(await answerOf(await DELETE(del(taskId, 'No longer needed.')))).toEqual({
      status: 200,
      body: { cancelled: true },
    });
    expect(storedChunksIn(await response.text()).at(-1)).toEqual({
      type: 'abort',
      reason: 'No longer needed.',
    });
    expect(await answerOf(await DELETE(del(taskId)))).toEqual({
      status: 200,
      body: { cancelled: false },
    });
  });

  it('answers an unknown task with 404, and still stops it when it comes', async () => {
    const { POST, DELETE, execute } = createRoute();
    const taskId = createId();
    expect(await answerOf(await DELETE(del(taskId, 'Too soon.')))).toEqual(notFound);
    const response = await POST(post({ taskId, input }));
    expect(storedChunksIn(await response.text()).at(-1)).toEqual({
      type: 'abort',
      reason: 'Too soon.',
    });
    expect(execute).not.toHaveBeenCalled();
  });

  it('answers a malformed taskId with 400', async () => {
    const { DELETE } = createRoute();
    expect(await answerOf(await DELETE(del('short')))).toEqual(invalidTaskId);
  });

  it.each(['inspect', 'cancel'] as const)(
    'answers 503 when the storage cannot %s',
    async (method) => {
      const streamContext = createOwnContext();
      vi.spyOn(streamContext, method).mockRejectedValue(new Error('secret'));
      const { DELETE } = createRoute({ streamContext });
      const response = await DELETE(del(createId()));
      expect(response.headers.get('retry-after')).toBe('1');
      expect(await answerOf(response)).toMatchObject({
        status: 503,
        body: { error: { code: 'context-unavailable' } },
      });
    },
  );
});

describe('authorize', () => {
  it('is asked before anything happens, and told what is wanted', async () => {
    const authorize = vi.fn(() => true);
    const { POST, GET, DELETE } = createRoute({ authorize });
    const taskId = createId();
    const requests = { start: post({ taskId, input }), follow: get(taskId), cancel: del(taskId) };
    await (await POST(requests.start)).text();
    await (await GET(requests.follow)).text();
    await DELETE(requests.cancel);
    expect(authorize.mock.calls).toEqual(
      Object.entries(requests).map(([action, request]) => [{ request, action, taskId }]),
    );
  });

  const refusals: [
    string,
    () => boolean | Response | Promise<boolean | Response>,
    number,
    string,
  ][] = [
    [
      'false',
      () => false,
      403,
      '{"error":{"code":"forbidden","message":"You may not do this with the task."}}',
    ],
    [
      'a promise of false',
      async () => false,
      403,
      '{"error":{"code":"forbidden","message":"You may not do this with the task."}}',
    ],
    ['a response', () => new Response('Log in.', { status: 401 }), 401, 'Log in.'],
    [
      'a TaskError',
      () => {
        throw new TaskError({ code: 'forbidden', message: 'Mine.' });
      },
      403,
      '{"error":{"code":"forbidden","message":"Mine."}}',
    ],
    [
      'another error',
      () => {
        throw new Error('secret');
      },
      500,
      '{"error":{"code":"internal","message":"The request failed."}}',
    ],
  ];

  it.each(refusals)(
    'refuses with %s: nothing starts, is followed or cancelled',
    async (_what, authorize, status, body) => {
      let isOpen = true;
      const { POST, GET, DELETE, execute } = createRoute(
        { authorize: () => isOpen || authorize() },
        ({ signal }) => aborted(signal),
      );
      const taskId = createId();
      const running = await POST(post({ taskId, input }));
      isOpen = false;
      const other = createId();
      const responses = [
        await POST(post({ taskId: other, input })),
        await GET(get(taskId)),
        await DELETE(del(taskId)),
      ];
      for (const response of responses) {
        expect({ status: response.status, body: await response.text() }).toEqual({ status, body });
      }
      expect(execute).toHaveBeenCalledOnce();
      isOpen = true;
      expect(await (await DELETE(del(taskId))).json()).toEqual({ cancelled: true });
      await running.text();
    },
  );

  it('is asked with no taskId when the request names none', async () => {
    const authorize = vi.fn((_options: { taskId: string | undefined }) => false);
    const { POST } = createRoute({ authorize });
    await POST(post({ input }));
    expect(authorize.mock.calls[0]?.[0].taskId).toBeUndefined();
  });
});

describe('the owner', () => {
  const owner = (request: Request) => request.headers.get('x-user') ?? undefined;
  const me = { 'x-user': 'me' };

  it('alone sees the task; to all others it looks exactly like an unknown one', async () => {
    const { POST, GET, DELETE, execute } = createRoute({ owner }, ({ signal }) => aborted(signal));
    const taskId = createId();
    const running = await POST(post({ taskId, input }, me));
    const others: Record<string, string>[] = [{}, { 'x-user': 'you' }];
    const raw = async (response: Response) => ({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    });
    for (const headers of others) {
      expect(await raw(await GET(get(taskId, headers)))).toEqual(
        await raw(await GET(get(createId(), headers))),
      );
      expect(await raw(await DELETE(del(taskId, 'x', headers)))).toEqual(
        await raw(await DELETE(del(createId(), 'x', headers))),
      );
      expect(await answerOf(await GET(get(taskId, headers)))).toEqual(notFound);
      expect(await answerOf(await POST(post({ taskId, input }, headers)))).toEqual(notFound);
    }
    expect(execute).toHaveBeenCalledOnce();
    const mine = await GET(get(taskId, me));
    expect(mine.status).toBe(200);
    expect(await answerOf(await DELETE(del(taskId, undefined, me)))).toEqual({
      status: 200,
      body: { cancelled: true },
    });
    await Promise.all([mine.text(), running.text()]);
  });

  it('of a cancel that came too early is the only one whose task it stops', async () => {
    const { POST, DELETE } = createRoute({ owner });
    const taskId = createId();
    await DELETE(del(taskId, 'x', { 'x-user': 'you' }));
    const response = await POST(post({ taskId, input }, me));
    expect(typesIn(await response.text()).at(-1)).toBe('finish');
  });

  it('that cannot be told answers 500, and onError hears why', async () => {
    const broken = new Error('secret');
    const { POST, GET, DELETE, reported, execute } = createRoute({
      owner: () => Promise.reject(broken),
    });
    const responses = [
      await POST(post({ input })),
      await GET(get(createId())),
      await DELETE(del(createId())),
    ];
    for (const response of responses) {
      expect(await answerOf(response)).toEqual({
        status: 500,
        body: { error: { code: 'internal', message: 'The request failed.' } },
      });
    }
    expect(reported).toEqual([broken, broken, broken]);
    expect(execute).not.toHaveBeenCalled();
  });
});

describe('a handler', () => {
  it('answers even when onError throws', async () => {
    const { error } = console;
    const printed: unknown[] = [];
    console.error = (...parts: unknown[]) => printed.push(parts);
    try {
      const { POST } = createRoute({
        authorize: () => {
          throw new Error('one');
        },
        onError: () => {
          throw new Error('two');
        },
      });
      expect((await POST(post({ input }))).status).toBe(500);
      expect(printed).toHaveLength(1);
    } finally {
      console.error = error;
    }
  });

  it('uses the memory of the process when no context is given', async () => {
    const task = defineTask({ name: 'default', execute: () => 1 });
    const taskId = createId();
    await (await createTaskRoute(task).POST(post({ taskId }))).text();
    // Another route, as another module of the same application would make it.
    const response = await createTaskRoute(task).GET(get(taskId));
    expect(typesIn(await response.text()).at(-1)).toBe('finish');
  });
});
