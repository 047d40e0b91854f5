// What Redis and its clients say may hold addresses, users and versions. The host is told of it.
import { inspect } from 'node:util';
import { createUIMessageStream } from 'ai';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import {
  cancelTask,
  createTaskRoute,
  defineTask,
  resumeTask,
  streamTask,
  type TaskStreamContext,
  toResumableStreamContext,
} from 'ai-task-stream/server';
import { afterEach, expect, it, vi } from 'vitest';
import { setUpOwnServers } from '../helpers/own-redis';
import { connectAdmin } from '../helpers/redis-admin';
import { withEachClient } from '../helpers/redis-contexts';
import { readWrites } from '../helpers/sse';
import { createId, createOwnContext, runToText } from '../helpers/tasks';

const { instances, startServer } = setUpOwnServers();

afterEach(() => void vi.unstubAllEnvs());

/** Nothing of where the storage is, what it is, or what it says. */
const ownWords =
  /[Rr]edis|127\.0\.0\.1|localhost|\w:\d{4,5}\b|\bE[A-Z]{4,}\b|[Pp]assword|memory|[Ss]ocket|[Cc]losed|OOM|NOAUTH|WRONGPASS|ReplyError|node_modules|\.(?:ts|m?js)\b|\n\s+at /;

function expectGeneral(text: string): void {
  expect(text.replaceAll(/"taskId":"[^"]*"/g, '')).not.toMatch(ownWords);
}

async function expectRefused(response: Response): Promise<void> {
  const text = await response.text();
  expect(response.status).toBe(503);
  expect(JSON.parse(text)).toEqual({
    error: {
      code: 'context-unavailable',
      message: 'The storage of tasks is away. Try again shortly.',
      retryable: true,
    },
  });
}

/** Everything by which an error of a context comes to a client. */
async function expectNothingTold(context: TaskStreamContext): Promise<void> {
  const taskId = createId();
  const address = `http://host.example/task?taskId=${taskId}`;
  const told: unknown[] = [];
  const task = defineTask({ name: 'work', execute: () => 'done' });
  const route = createTaskRoute(task, {
    streamContext: context,
    maxConcurrent: 1,
    onError: (error) => told.push(error),
  });
  const post = () =>
    new Request(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ taskId }),
    });
  await expectRefused(await route.POST(post()));
  await expectRefused(await route.GET(new Request(address)));
  await expectRefused(await route.DELETE(new Request(address, { method: 'DELETE' })));
  await expectRefused(await resumeTask({ chatId: 'chat', streamContext: context }).toResponse());
  expect(inspect(told)).toMatch(ownWords);

  // A host's own route, which sends what it caught.
  for (const options of [{ taskId }, { chatId: 'chat' }]) {
    const error: Error = await cancelTask({ ...options, streamContext: context }).catch((e) => e);
    expectGeneral(`${error.message} ${JSON.stringify(error)}`);
    expect(inspect(error)).toMatch(ownWords);
  }

  // Work that asks the context, and lets its errors out.
  const asking = {
    inspect: () => context.inspect(taskId),
    read: () => context.read(taskId),
    cancel: () => context.cancel(taskId),
    activeTask: () => context.activeTask('chat'),
    cancelTask: () => cancelTask({ taskId, streamContext: context }),
    result: () => streamTask({ streamContext: context, execute: () => {}, onError() {} }).result,
  };
  const expectAskedInVain = async ([name, ask]: [string, () => Promise<unknown>]) => {
    const { text, reported } = await runToText({ execute: async () => void (await ask()) });
    expect([name, text]).toEqual([name, expect.stringContaining('"code":"context-unavailable"')]);
    expectGeneral(text);
    expect(inspect(reported)).toMatch(ownWords);
    const nested = await runToText({
      execute: ({ task }) => task.run({ execute: async () => void (await ask()) }),
    });
    expectGeneral(nested.text);
    const stopped = await runToText({
      execute: async ({ task }) => {
        const error = await ask().catch((cause: unknown) => cause);
        const abortSignal = AbortSignal.abort(error);
        await task.run({ abortSignal, execute: () => {} }).catch(() => {});
        await task.run({
          execute: () => {
            throw error;
          },
        });
      },
    });
    expectGeneral(stopped.text);
  };
  await Promise.all(Object.entries(asking).map(expectAskedInVain));

  // Streams made of the log, with the words of the error passed on.
  const chunks = () =>
    streamTask({ streamContext: context, execute: () => {}, onError() {} }).toUIMessageStream();
  const merging = await runToText({ execute: ({ writer }) => writer.merge(chunks()) });
  expect(merging.text).toContain('"code":"context-unavailable"');
  expectGeneral(merging.text);
  const outer = createUIMessageStream({
    execute: ({ writer }) => writer.merge(chunks()),
    onError: (error) => (error instanceof Error ? error.message : String(error)),
  });
  const sent: unknown[] = [];
  for await (const chunk of outer as unknown as AsyncIterable<unknown>) sent.push(chunk);
  expect(sent).toContainEqual({ type: 'error', errorText: expect.any(String) });
  expectGeneral(JSON.stringify(sent));
  const strings = toResumableStreamContext(context, { onError() {} });
  const refusal: Error = await strings
    .resumableStream(createId(), () => new ReadableStream())
    .then(() => new Error('nothing'))
    .catch((error) => error);
  expectGeneral(refusal.message);
}

// R-HTTP-8
it('tells clients nothing of a Redis that is away or refuses, and the host everything', () =>
  withEachClient(async (kind) => {
    const open = (url: string) => instances.open({ url, kind, commandTimeoutMs: 300 });
    const situations: (() => Promise<string>)[] = [
      async () => {
        const server = await startServer();
        await server.stop();
        return server.url;
      },
      async () => {
        const server = await startServer();
        await server.pause();
        return server.url;
      },
      async () => (await startServer()).url.replace('//', '//somebody:wrong@'),
      async () => {
        const server = await startServer();
        const admin = await connectAdmin(server.url);
        await admin.send('CONFIG', 'SET', 'requirepass', 'secret');
        admin.close();
        return server.url;
      },
      async () => 'redis://no-such-host.invalid:6399',
    ];
    const expectFor = async (situate: () => Promise<string>) => {
      const { context, errors } = open(await situate());
      await expectNothingTold(context);
      const texts = errors.map(({ message }) => message).join('\n');
      expect(texts).toMatch(/Redis does not keep tasks now: .+/);
      // As data, even what the host was told is fit for clients.
      expectGeneral(JSON.stringify(errors));
      const passedOn = await runToText({
        execute: () => {
          throw errors[0];
        },
      });
      expectGeneral(passedOn.text);
    };
    await Promise.all(situations.map(expectFor));
  }));

it('tells clients nothing of a Redis whose memory is full', async () => {
  const server = await startServer();
  const admin = await connectAdmin(server.url);
  await admin.send('CONFIG', 'SET', 'maxmemory', '1');
  admin.close();
  const { context, errors } = instances.open({ url: server.url });
  const route = createTaskRoute(defineTask({ name: 'work', execute: () => {} }), {
    streamContext: context,
    onError() {},
  });
  const request = (method: string) =>
    new Request(`http://host.example/task?taskId=${createId()}`, {
      method,
      ...(method === 'POST' && {
        headers: { 'content-type': 'application/json' },
        body: '{}',
      }),
    });
  for (const method of ['POST', 'DELETE'] as const) {
    await expectRefused(await route[method](request(method)));
  }
  expect(errors[0]?.message).toMatch(/OOM/);
});

it('tells clients nothing of a context that was closed, or could not be connected', async () => {
  const server = await startServer();
  const { context } = instances.open({ url: server.url });
  await context.inspect(createId());
  await context.close();
  await expectNothingTold(context);
});

it('ends what is being read in silence when the context is closed', async () => {
  const server = await startServer();
  const { context, keyPrefix } = instances.open({ url: server.url });
  const elsewhere = instances.open({ url: server.url, keyPrefix });
  const { taskId, cancel, toResponse } = streamTask({
    streamContext: context,
    execute: ({ signal }) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
  });
  const own = readWrites(await toResponse());
  const followed = resumeTask({ taskId, streamContext: elsewhere.context });
  const reader = readWrites(await followed.toResponse());
  await reader.until('running');
  await elsewhere.context.close();
  expectGeneral(await reader.rest());
  await cancel();
  await own.rest();
});

it('masks what is written for whoever wrote the server', async () => {
  const makeContext = () => createRedisStreamContext({ url: 'http://10.0.0.7:6379' });
  const { text, reported } = await runToText({
    execute: () => void makeContext(),
    streamContext: createOwnContext(),
  });
  expect(text).toContain('"code":"internal","message":"The task failed."');
  expectGeneral(text);
  expect(reported).toEqual([expect.objectContaining({ code: 'invalid-options' })]);

  const told: unknown[] = [];
  const route = createTaskRoute(defineTask({ name: 'work', execute: () => {} }), {
    owner: () => {
      makeContext();
      return undefined;
    },
    onError: (error) => told.push(error),
  });
  const response = await route.GET(new Request(`http://host.example/task?taskId=${createId()}`));
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    error: { code: 'internal', message: 'The request failed.' },
  });
  expect(told).toEqual([expect.objectContaining({ code: 'invalid-options' })]);
});
