// The same with `ai-task-stream/bullmq`: partial results, and the response that a page would get.
import { setTimeout as sleep } from 'node:timers/promises';
import { createTaskQueue } from 'ai-task-stream/bullmq';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { defineTask, resumeTask } from 'ai-task-stream/server';

/** How often a worker gives a sign of life, for each kind of setting. */
const settings = {
  default: {},
  quick: { heartbeatMs: 500 },
};

const kinds = {
  nothing() {},

  updates({ input, task }) {
    for (let n = 0; n < input.count; n++) task.partial({ n, pid: process.pid });
  },

  async endless({ task, signal }) {
    for (let n = 0; ; n++) {
      task.partial({ n, pid: process.pid });
      await sleep(50, undefined, { signal });
    }
  },
};

/** The chunks that a page gets with a response, each with the event's id. */
async function* eventsOf({ body }) {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const data = event.slice(event.indexOf('data: ') + 6);
      if (data.startsWith('{'))
        yield { id: /^id: (.*)$/m.exec(event)?.[1], chunk: JSON.parse(data) };
    }
  }
}

/** The chunks that a page gets, which asks again when its response has ended before the task has. */
async function* chunksOf(started, streamContext) {
  let response = await started.toResponse();
  for (;;) {
    let lastId;
    for await (const { id, chunk } of eventsOf(response)) {
      lastId = id ?? lastId;
      yield chunk;
      if (chunk.type === 'data-task-settle') return;
    }
    const headers = { 'last-event-id': lastId };
    const request = new Request('http://localhost/', { headers });
    response = await resumeTask({ taskId: started.taskId, streamContext, request }).toResponse();
    // The bench is over, and has closed the context.
    if (!response.ok) return;
  }
}

function createQueue({ url, pace }) {
  const streamContext = createRedisStreamContext({ url, keyPrefix: pace });
  const bench = defineTask({
    name: 'bench',
    retry: { attempts: 1_000, maxTotal: 1_000 },
    onError() {},
    ...settings[pace],
    execute: (options) => kinds[options.input.kind](options),
  });
  const queue = createTaskQueue({
    ...{ streamContext, tasks: [bench], connection: { url }, name: 'bench', prefix: `q-${pace}` },
  });
  return { bench, queue, streamContext };
}

export function work({ concurrency, ...options }) {
  createQueue(options).queue.work({ concurrency });
}

/** The side of the web process: it starts tasks, and reads their streams. */
export async function createClient(options) {
  const { bench, queue, streamContext } = createQueue(options);
  return {
    async run(input, onUpdate) {
      const started = queue.start(bench, input);
      if (onUpdate) {
        for await (const { type, data } of chunksOf(started, streamContext)) {
          if (type === 'data-task-partial') onUpdate(data.value);
        }
      }
      await started.result;
    },

    async close() {
      await queue.close();
      await streamContext.close();
    },
  };
}
