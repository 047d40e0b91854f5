import { createTaskRoute, defineTask, type TaskStreamContext } from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createDeferred, turns } from '../../helpers/async';
import { storedChunksIn, withoutHeartbeats } from '../../helpers/sse';
import { createId, createOwnContext } from '../../helpers/tasks';
import { answerOf, createRoute, input, invalidTaskId, post } from './ask-route';

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
