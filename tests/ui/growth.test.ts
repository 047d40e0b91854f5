import { afterEach, describe, expect, it, vi } from 'vitest';
import { followCommand } from '../../src/cli/follow-command';
import { createTextOutput } from '../../src/cli/text-output';
import { growTask } from '../../src/protocol/grow-task';
import { createTaskId } from '../../src/protocol/task-id';
import { initialTaskState, reduceTaskChunk } from '../../src/protocol/task-state';
import { TaskChatTransport } from '../../src/ui';
import { getChatTask } from '../../src/ui/chat-task-registry';
import { createReviver } from '../../src/ui/message-task';
import { countCopies } from '../helpers/count-copies';
import { frame, log, partial, settle, snapshot, taskId } from '../helpers/recording';
import { sending } from './chat/helpers';
import { closed, createStore } from './helpers';

afterEach(() => {
  vi.unstubAllGlobals();
});

const api = '/api/task';
const child = 'child-0123456789abcdef';

type Make = (n: number) => { type: string };
const makers: Record<string, Make> = {
  'log lines': (n) => log(n, `Line ${n}`),
  'partial results': (n) => partial(n, { n }),
  'log lines of a task within': (n) => {
    const data = { taskId: child, index: n, level: 'info', message: `${n}`, at: 3 };
    return { type: 'data-task-log', data, transient: true } as { type: string };
  },
};

/** A whole task with so many items, in one network read or in one for each of them. */
function stream(count: number, make: Make, isOneRead: boolean, id = taskId): Response {
  let n = -2;
  const next = () => {
    const at = n++;
    if (at === -2) return frame(0, snapshot());
    if (at < count && at >= 0) return frame(at + 1, make(at));
    if (at === count) return frame(at + 1, settle());
    return at === -1 ? frame(0, snapshot()) : frame(at, { type: 'finish' });
  };
  const encoder = new TextEncoder();
  const total = count + 4;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (isOneRead) {
          controller.enqueue(
            encoder.encode(Array.from({ length: total }, next).join('').replaceAll(taskId, id)),
          );
          return controller.close();
        }
        controller.enqueue(encoder.encode(next().replaceAll(taskId, id)));
        if (n === total - 2) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const headers = { 'content-type': 'text/event-stream', 'x-task-id': id };
  return new Response(body, { headers });
}

/** Four times as many items may take little more than four times as much work. */
async function expectLinear(run: (count: number) => Promise<unknown>): Promise<void> {
  const few = await countCopies(() => run(1_000));
  const many = await countCopies(() => run(4_000));
  expect(many).toBeLessThan(Math.max(5 * few, 40_000));
}

const cases = Object.keys(makers).flatMap((kind) => [
  { kind, make: makers[kind] as Make, isOneRead: true, how: 'in one network read' },
  { kind, make: makers[kind] as Make, isOneRead: false, how: 'one by one' },
]);

describe.each(cases)('the work for $kind that come $how', ({ kind, make, isOneRead }) => {
  it('grows with their number in the store, for a page that looks at times', async () => {
    await expectLinear(async (count) => {
      let updates = 0;
      let looks = 0;
      let heard = 0;
      const { store } = createStore({
        api,
        fetch: async () => stream(count, make, isOneRead),
        onLog: () => heard++,
        onPartial: () => heard++,
      });
      store.subscribe(() => {
        // As most listeners do; the lists are looked at once per frame.
        const state = store.getState();
        if (updates++ % (count / 10) === 0) looks += state.logs.length + state.partials.length;
      });
      await store.start('x', { taskId });
      await closed(store);
      const { logs, partials, children } = store.getState();
      expect(logs.length + partials.length + (children[child]?.logs.length ?? 0)).toBe(count);
      if (!kind.endsWith('within')) expect(heard).toBe(count);
      expect(looks).toBeGreaterThanOrEqual(0);
    });
  });

  it('grows with their number in a chat', async () => {
    await expectLinear(async (count) => {
      // What the page knows of a task outlives its transports.
      const id = createTaskId();
      const transport = new TaskChatTransport({
        api,
        fetch: async () => stream(count, make, isOneRead, id),
      });
      const chunks = await transport.sendMessages(sending());
      const reader = chunks.getReader();
      for (let n = 0; ; n++) {
        const { done } = await reader.read();
        if (done) break;
        if (n % (count / 10) === 0) getChatTask(id)?.task.logs;
      }
      const seen = getChatTask(id)?.task;
      expect(seen?.settlement).toBeDefined();
      const { logs = [], partials = [], children = {} } = seen ?? {};
      expect(logs.length + partials.length + (children[child]?.logs.length ?? 0)).toBe(count);
    });
  });

  it('grows with their number in the terminal', async () => {
    await expectLinear(async (count) => {
      vi.stubGlobal('fetch', async () => stream(count, make, isOneRead));
      let notes = 0;
      const screen = {
        show() {},
        note: () => void notes++,
        write: () => void notes++,
        close() {},
      };
      const output = createTextOutput({
        screen,
        isTerminal: false,
        isQuiet: false,
        showsPartials: true,
      });
      const command = {
        name: 'follow' as const,
        api: 'http://localhost/',
        taskId,
        input: undefined,
        cancel: false,
        reason: undefined,
        headers: [],
        partials: true,
        json: false,
        quiet: false,
        maxAttempts: 1,
        maxElapsedMs: undefined,
      };
      const end = await followCommand(command, output, new AbortController().signal);
      expect(end.status).toBe('completed');
      if (!kind.endsWith('within')) expect(notes).toBe(count);
    });
  });
});

describe('a state that was shown', () => {
  it('keeps still while more comes, whenever it is looked at', async () => {
    const chunks = [
      snapshot(),
      log(0, 'a'),
      partial(0, 'p'),
      makers['log lines of a task within']?.(0),
      log(1, 'b'),
      makers['log lines of a task within']?.(1),
      partial(1, 'q'),
      settle(),
    ];
    let go = () => {};
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        for (const [n, chunk] of chunks.entries()) {
          controller.enqueue(new TextEncoder().encode(frame(n, chunk ?? {})));
          await new Promise<void>((resolve) => {
            go = resolve;
          });
        }
        controller.close();
      },
    });
    const headers = { 'content-type': 'text/event-stream' };
    const { store } = createStore({ api, fetch: async () => new Response(body, { headers }) });
    const states: ReturnType<typeof store.getState>[] = [];
    store.subscribe(() => {
      states.push(store.getState());
      go();
    });
    await store.start('x', { taskId });
    const lengths = states.map(({ logs, partials, children }) => [
      logs.length,
      partials.length,
      children[child]?.logs.length ?? 0,
    ]);
    expect(lengths.slice(-8)).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [1, 1, 0],
      [1, 1, 1],
      [2, 1, 1],
      [2, 1, 2],
      [2, 2, 2],
      [2, 2, 2],
    ]);
    for (const state of states) expect(state.logs).toBe(state.logs);
    const [last, before, beforeThat] = states.reverse();
    // The newest look at a list is what later states have, as long as nothing is added.
    expect(last?.logs).toBe(before?.logs);
    expect(last?.children).toBe(before?.children);
    expect(before?.children).toBe(beforeThat?.children);
  });

  it('has the same arrays while nothing is added, looked at as it comes', async () => {
    let core = initialTaskState as ReturnType<typeof reduceTaskChunk>;
    const frozen = Object.freeze(initialTaskState.logs);
    for (const chunk of [snapshot(), log(0, 'a'), log(1, 'b'), log(1, 'b')]) {
      core = growTask(core, chunk);
    }
    expect(frozen).toEqual([]);
    expect(core.logs).toHaveLength(2);
  });

  it('is made anew by the public reducer, which is pure', () => {
    const states = [initialTaskState as ReturnType<typeof reduceTaskChunk>];
    for (const chunk of [snapshot(), log(0, 'a'), log(1, 'b'), partial(0, 1)]) {
      states.push(reduceTaskChunk(states.at(-1) ?? initialTaskState, chunk));
    }
    expect(states.map(({ logs, partials }) => logs.length + partials.length)).toEqual([
      0, 0, 1, 2, 3,
    ]);
    const grown = growTask(states[4] as (typeof states)[0], log(2, 'c'));
    expect(grown.logs).toHaveLength(3);
    expect(states[4]?.logs).toHaveLength(2);
  });
});

it('parses each partial result of a message once', () => {
  let parsed = 0;
  const reviver = createReviver({
    stringify: JSON.stringify,
    parse(text) {
      parsed += 1;
      return JSON.parse(text);
    },
  });
  const task = { ...initialTaskState, partials: [] as unknown[] };
  let values: readonly unknown[] = [];
  for (let n = 0; n < 10; n++) {
    task.partials = [...task.partials, `[${n}]`];
    values = reviver(task).partials;
    expect(reviver(task).partials).toBe(values);
  }
  expect(values).toEqual(Array.from({ length: 10 }, (_, n) => [n]));
  expect(parsed).toBe(10);
  expect(reviver({ ...task, partials: ['"other"'] }).partials).toEqual(['other']);
});
