// Each contender is used as its README says, with one context per process. `open` starts a producer
// and gives its first reader's stream; `follow` gives another reader's, in any process. Libraries
// are loaded by the processes that use them, so that memory can be compared.
import { deferred } from './deferred.mjs';

const waitUntil = (promise) => {
  promise.catch((error) => console.error(error));
};

function fromResumable(context) {
  return {
    open: (id, source) => context.createNewResumableStream(id, () => source),
    follow: (id) => context.resumeExistingStream(id),
  };
}

/** The AI SDK's guide, "Chatbot Resume Streams". */
async function fromRecipe(context) {
  const { createUIMessageStream, createUIMessageStreamResponse } = await import('ai');
  return {
    async open(id, source) {
      const kept = deferred();
      const response = createUIMessageStreamResponse({
        stream: createUIMessageStream({ execute: ({ writer }) => writer.merge(source) }),
        consumeSseStream: ({ stream }) =>
          context.createNewResumableStream(id, () => stream).then(kept.resolve, kept.reject),
      });
      await kept.promise;
      return response.body;
    },
    follow: (id) => context.resumeExistingStream(id),
  };
}

async function fromAssistant(store) {
  const { createResumableStreamContext } = await import('assistant-stream/resumable');
  const context = createResumableStreamContext({ store, waitUntil });
  return {
    open: (id, source) => context.run(id, () => source),
    follow: (id) => context.resume(id),
  };
}

async function createNodeRedis5(url) {
  const { createClient } = await import('redis');
  const client = createClient({ url });
  client.on('error', (error) => console.error(error));
  return client.connect();
}

async function createIoRedis(url) {
  const { Redis } = await import('ioredis');
  return new Redis(url);
}

async function createResumable() {
  // `resumable-stream` connects clients of its own to REDIS_URL.
  const { createResumableStreamContext } = await import('resumable-stream');
  return createResumableStreamContext({ waitUntil });
}

async function createResumableOnIoRedis() {
  const { createResumableStreamContext } = await import('resumable-stream/ioredis');
  return createResumableStreamContext({ waitUntil });
}

async function createOurs(options) {
  const { createRedisStreamContext } = await import('ai-task-stream/redis');
  return createRedisStreamContext(options);
}

async function fromOurLog(streamContext) {
  const { toResumableStreamContext } = await import('ai-task-stream/server');
  return fromResumable(toResumableStreamContext(streamContext, { replayAfterEnd: true }));
}

/** Reads a log through its reader, without HTTP: the chunks as they were stored. */
function readPort(reader) {
  return new ReadableStream(
    {
      async pull(controller) {
        const { value: range } = await reader.next();
        if (!range) return controller.close();
        const { data, offset, start, end } = range;
        let text = '';
        for (let n = start; n < end; n++) text += `data: ${data[n - offset]}\n\n`;
        controller.enqueue(text);
      },
      cancel: () => reader.close(),
    },
    { highWaterMark: 0 },
  );
}

async function fromOurTasks(streamContext) {
  const { resumeTask, streamTask } = await import('ai-task-stream/server');
  const bodyOf = async (response) => {
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return response.body;
  };
  return {
    open: async (taskId, source) =>
      bodyOf(
        await streamTask({
          taskId,
          streamContext,
          execute: ({ writer }) => writer.merge(source),
        }).toResponse(),
      ),
    follow: async (taskId) => bodyOf(await resumeTask({ taskId, streamContext }).toResponse()),
    followRaw: async (taskId) => readPort(await streamContext.read(taskId)),
  };
}

/** The contenders by name: the shape of the chunks that each takes, and how it is made. */
export const contenders = {
  'ai-task-stream': {
    shape: 'text',
    create: async (url) => fromOurLog(await createOurs({ url })),
  },
  'ai-task-stream (ioredis 6)': {
    shape: 'text',
    create: async (url) => fromOurLog(await createOurs({ client: await createIoRedis(url) })),
  },
  'resumable-stream': {
    shape: 'text',
    create: async () => fromResumable(await createResumable()),
  },
  'resumable-stream (redis 5)': {
    shape: 'text',
    async create(url) {
      const { createResumableStreamContext } = await import('resumable-stream');
      const [publisher, subscriber] = [await createNodeRedis5(url), await createNodeRedis5(url)];
      return fromResumable(createResumableStreamContext({ waitUntil, publisher, subscriber }));
    },
  },
  'resumable-stream (ioredis 6)': {
    shape: 'text',
    create: async () => fromResumable(await createResumableOnIoRedis()),
  },
  'assistant-stream': {
    shape: 'bytes',
    async create(url) {
      const { createRedisResumableStreamStore } = await import('assistant-stream/resumable/redis');
      return fromAssistant(createRedisResumableStreamStore(await createNodeRedis5(url)));
    },
  },
  'assistant-stream (ioredis 6)': {
    shape: 'bytes',
    async create(url) {
      const { createIoredisResumableStreamStore } = await import(
        'assistant-stream/resumable/ioredis'
      );
      return fromAssistant(createIoredisResumableStreamStore(await createIoRedis(url)));
    },
  },
  'ai-task-stream task': {
    shape: 'chunk',
    create: async (url) => fromOurTasks(await createOurs({ url })),
  },
  'ai-task-stream task (ioredis 6)': {
    shape: 'chunk',
    create: async (url) => fromOurTasks(await createOurs({ client: await createIoRedis(url) })),
  },
  'AI SDK recipe': {
    shape: 'chunk',
    create: async () => fromRecipe(await createResumable()),
  },
  'AI SDK recipe (ioredis 6)': {
    shape: 'chunk',
    create: async () => fromRecipe(await createResumableOnIoRedis()),
  },
};
