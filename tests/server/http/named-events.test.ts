import { createTaskRoute, defineTask, resumeTask, streamTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { createDeferred } from '../../helpers/async';
import { relativeIds } from '../../helpers/cursors';
import { readWrites, withoutHeartbeats } from '../../helpers/sse';
import { createId, createOwnContext } from '../../helpers/tasks';

function createRoute(gate = Promise.resolve()) {
  const task = defineTask({
    name: 'draw',
    heartbeatMs: 10,
    execute: async ({ task: reporter, writer }) => {
      await gate;
      reporter.log('one');
      reporter.partial(1);
      writer.write({ type: 'text-start', id: 't' });
      // The name of a part of ours, but not in the place of its type.
      writer.write({ type: 'text-delta', id: 't', delta: '"data-task-settle"' });
      writer.write({ type: 'data-task-of-the-host', data: {} });
      throw new Error('masked');
    },
  });
  return createTaskRoute(task, {
    streamContext: createOwnContext(),
    onError: () => {},
    allowGet: true,
  });
}

function post(taskId: string, query = ''): Request {
  return new Request(`http://localhost/task${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ taskId }),
  });
}

const get = (query: string) => new Request(`http://localhost/task?${query}`);

/** Each event's name, or the type of its chunk in brackets where it has none. */
function namesIn(text: string): string[] {
  return text
    .split('\n\n')
    .filter((event) => event.includes('data: '))
    .map((event) => {
      const [, name, data = ''] = /^(?:id: .*\n)?(?:event: (.*)\n)?data: (.*)$/.exec(event) ?? [];
      return name ?? `(${JSON.parse(data).type})`;
    });
}

const names = [
  '(start)',
  'task',
  'task-log',
  'task-partial',
  '(text-start)',
  '(text-delta)',
  '(data-task-of-the-host)',
  '(text-end)',
  'task',
  'task-error',
  'task-settle',
  '(error)',
  'done',
];

describe('?events=named', () => {
  it('names task parts and the end, and nothing else (R-FRAME-5)', async () => {
    const { POST, GET } = createRoute();
    const taskId = createId();
    const texts = [
      await (await POST(post(taskId, '?events=named'))).text(),
      await (await GET(get(`taskId=${taskId}&events=named`))).text(),
      await (await GET(get(`taskId=${taskId}&events=named&input=1`))).text(),
    ];
    for (const text of texts) {
      expect(namesIn(text).filter((name) => name !== 'task-heartbeat')).toEqual(names);
    }
  });

  it('adds its lines, and changes no other byte', async () => {
    const { POST, GET } = createRoute();
    const taskId = createId();
    await (await POST(post(taskId))).text();
    const plain = await (await GET(get(`taskId=${taskId}`))).text();
    const named = await (await GET(get(`taskId=${taskId}&events=named`))).text();
    expect(named.replace(/^event: .*\n/gm, '')).toBe(plain);
    expect(relativeIds(named)).toMatch(
      /^retry: 1000\n\nid: 0-0\ndata: \{"type":"start"\}\n\nid: 0-1\nevent: task\ndata: \{"type":"data-task",/,
    );
    expect(named.endsWith('\n\nevent: done\ndata: [DONE]\n\n')).toBe(true);
  });

  it('is asked for by each reader, and off by default', async () => {
    const { POST, GET } = createRoute();
    const taskId = createId();
    expect(await (await POST(post(taskId))).text()).not.toContain('event:');
    expect(await (await GET(get(`taskId=${taskId}`))).text()).not.toContain('event:');
  });

  it('names heartbeats, which still have no id', async () => {
    const gate = createDeferred();
    const { POST } = createRoute(gate.promise);
    const body = readWrites(await POST(post(createId(), '?events=named')));
    const text = await body.until(/event: task-heartbeat\n[^\n]*\n\n/);
    expect(text).toMatch(/\n\nevent: task-heartbeat\ndata: \{"type":"data-task-heartbeat",/);
    gate.resolve();
    await body.rest();
  });
});

describe('the option `events` of toResponse', () => {
  it('names the events of streamTask and of resumeTask', async () => {
    const streamContext = createOwnContext();
    const task = streamTask({ streamContext, execute: () => 1 });
    const response = await task.toResponse({ events: 'named', headers: { 'x-own': '1' } });
    expect(response.headers.get('x-own')).toBe('1');
    const text = withoutHeartbeats(await response.text());
    expect(text).toContain('\nevent: task-settle\ndata: {"type":"data-task-settle"');
    const { taskId } = task;
    const resumed = await resumeTask({ taskId, streamContext }).toResponse({ events: 'named' });
    expect(await resumed.text()).toContain('\nevent: task-settle\n');
  });
});
