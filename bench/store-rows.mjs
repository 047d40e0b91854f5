// What a page pays for a task's log lines: the store that takes the lines in, compared with a bare
// loop that parses the same bytes and pushes the lines into an array.
import { createTaskStream } from 'ai-task-stream/ui';

const taskId = 'bench-0123456789abcdef';
const encoder = new TextEncoder();

function frame(n, chunk) {
  return encoder.encode(`id: 0-${n}\ndata: ${JSON.stringify(chunk)}\n\n`);
}

/** The frames of a task with `count` log lines. */
function logFrames(count) {
  const lines = Array.from({ length: count }, (_, index) =>
    frame(index, {
      type: 'data-task-log',
      id: `${taskId}:${index}`,
      data: { taskId, index, level: 'info', message: `Line ${index}`, at: 1 },
      transient: true,
    }),
  );
  const data = { taskId, status: 'completed', durationMs: 1, settledAt: 1 };
  return [
    ...lines,
    frame(count, { type: 'data-task-settle', id: taskId, data }),
    frame(count + 1, { type: 'finish' }),
  ];
}

/** Takes frames in, some per network read; the page looks at the log a hundred times. */
async function takeIn(frames, framesPerRead) {
  let next = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (next >= frames.length) return controller.close();
      controller.enqueue(Buffer.concat(frames.slice(next, next + framesPerRead)));
      next += framesPerRead;
    },
  });
  const headers = { 'content-type': 'text/event-stream' };
  const stream = createTaskStream({ api: '/', fetch: async () => new Response(body, { headers }) });
  const reads = Math.ceil(frames.length / framesPerRead);
  let updates = 0;
  stream.subscribe(() => {
    if (updates++ % Math.ceil(reads / 100) === 0) stream.getState().logs.at(-1);
  });
  await stream.resume(taskId);
  return stream.getState().logs.length;
}

const contenders = {
  'store, 500 lines per read': (frames) => takeIn(frames, 500),
  'store, a line per read': (frames) => takeIn(frames, 1),
  'bare loop': (frames) => {
    const decoder = new TextDecoder();
    const lines = [];
    for (const bytes of frames.slice(0, -2)) {
      lines.push(JSON.parse(decoder.decode(bytes).slice(0, -2).split('\ndata: ')[1]).data);
    }
    return lines.length;
  },
};

/** Measures all contenders in turns; returns each one's lines per second, by round. */
export async function measureStore({ count, rounds }) {
  const frames = logFrames(count);
  const names = Object.keys(contenders);
  const speeds = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const startedAt = performance.now();
      const taken = await contenders[name](frames);
      const speed = (count / (performance.now() - startedAt)) * 1000;
      if (taken !== count) throw new Error(`${name} took in ${taken} of ${count} lines.`);
      // The first round only warms up.
      if (round >= 0) speeds[name].push(speed);
    }
  }
  return speeds;
}
