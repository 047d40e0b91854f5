import type { ManualClock } from 'ai-task-stream/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BookingService, createBookingService } from './bookings';
import { createLocalModel } from './local-model';

const majors = [
  { major: 7, importAi: () => import('ai') },
  { major: 6, importAi: () => import('ai-v6') },
];

/** The agents and this package, over one version of the AI SDK. */
async function load(importAi: () => Promise<unknown>) {
  vi.resetModules();
  const ai = (await importAi()) as typeof import('ai');
  vi.doMock('ai', () => ai);
  const [{ defineTravelAgent }, { defineTravelLoop }, server, testing, ui] = await Promise.all([
    import('./agent'),
    import('./loop'),
    import('ai-task-stream/server'),
    import('ai-task-stream/testing'),
    import('ai-task-stream/ui'),
  ]);
  vi.doUnmock('ai');
  return { agents: { agent: defineTravelAgent, loop: defineTravelLoop }, server, testing, ui };
}

/** What the processes of a test go through. */
interface Trouble {
  /** The frames at which a process is gone, counted over all attempts. */
  kills?: readonly number[];
  /** In which step, counted from 0, the model breaks off before it asks for its tool. */
  breaksOffIn?: number;
}

interface Frame {
  /** Its place in the log. */
  index: number;
  type: string;
}

const taskId = 'trip-0123456789abcdef';
const overloaded = new Error('The model is overloaded.');
const never = new Promise<never>(() => {});

describe.each(majors)('with AI SDK $major', ({ importAi }) => {
  let loaded: Awaited<ReturnType<typeof load>>;
  // No time passes that the test does not let pass.
  let clock: ManualClock;

  beforeAll(async () => {
    loaded = await load(importAi);
  });

  beforeEach(() => {
    clock = loaded.testing.createManualClock();
  });

  afterEach(() => clock.uninstall());

  /** Runs an agent until its page knows the outcome. */
  async function run(kind: 'agent' | 'loop', { kills = [], breaksOffIn }: Trouble = {}) {
    const { agents, server, testing, ui } = loaded;
    const memory = server.createMemoryStreamContext({ scope: crypto.randomUUID() });
    let attempts = 1;
    const streamContext = testing.createFaultyStreamContext(
      {
        ...memory,
        async take(...given) {
          const taken = await memory.take?.(...given);
          if (taken) attempts++;
          return taken;
        },
      },
      kills.map((at) => ({ fault: 'kill', at })),
    );
    /** Whether the process of the newest attempt is gone, which does nothing any more then. */
    const isGone = () => streamContext.injected.length >= attempts;

    let step = breaksOffIn;
    const model = createLocalModel(async ({ type }) => {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (isGone()) await never;
      if (step === 0 && type === 'tool-input-start') {
        step = undefined;
        throw overloaded;
      }
      if (type === 'finish' && step !== undefined) step--;
    });
    const { bookings, book } = createBookingService();
    const service: BookingService = {
      bookings,
      book: (...given) => (isGone() ? never : book(...given)),
    };
    const agent = agents[kind](model, service);

    const errors: unknown[] = [];
    const onError = (error: unknown) => {
      errors.push(error);
    };
    const route = server.createTaskRoute(agent, { streamContext, onError });
    const settings = { taskId, streamContext, onError };
    const first = await agent.start({ tripId: 'trip', wish: 'Lisbon' }, settings).toResponse();
    await first.body?.cancel();
    const page = ui.createTaskStream<typeof agent>({
      api: 'http://localhost/api/trip',
      fetch: (input, init) => route.GET(new Request(input, init)),
    });
    let isOver = false;
    const ending = page.resume(taskId).finally(() => {
      isOver = true;
    });
    while (!isOver) await clock.advance(5_000);

    const replay = await route.GET(new Request(`http://localhost/api/trip?taskId=${taskId}`));
    const frames = [...(await replay.text()).matchAll(/^id: \d+-(\d+)\ndata: (.*)$/gm)].map(
      ([, index, data = '']): Frame => ({ index: Number(index), type: JSON.parse(data).type }),
    );
    const { status } = await ending;
    const parts = withoutIds(page.getState().message.parts);
    return { attempts, status, errors, bookings, frames, parts };
  }

  describe.each(['agent', 'loop'] as const)('the %s', (kind) => {
    it('makes each booking in a step of its own', async () => {
      const { status, bookings } = await run(kind);
      expect(status).toBe('completed');
      expect([...bookings.keys()]).toEqual([
        `${taskId}:0:train`,
        `${taskId}:1:hotel`,
        `${taskId}:1:table`,
        `${taskId}:2:taxi`,
      ]);
    });

    it('calls each tool once when its process is gone after each finished step', async () => {
      const { bookings, frames, ...whole } = await run(kind);
      const checkpoints = frames.filter(({ type }) => type === 'data-task-checkpoint');
      const behind = checkpoints.map(({ index }) => index + 1);
      const lost = await run(kind, { kills: killsAt(behind, frames) });
      expect(lost).toMatchObject({ ...whole, attempts: 4 });
      expect(lost.bookings).toEqual(bookings);
      expect([...lost.bookings.values()].map(({ calls }) => calls)).toEqual([1, 1, 1, 1]);
    });

    it('books nothing twice when its process is gone in the middle of each step', async () => {
      const { bookings, frames, ...whole } = await run(kind);
      // All tools of the step have been called, and no checkpoint knows of it.
      const ends = frames.filter(({ type }) => type === 'finish-step').map(({ index }) => index);
      const lost = await run(kind, { kills: killsAt(ends, frames) });
      expect(lost).toMatchObject({ ...whole, attempts: 5 });
      expect([...lost.bookings.keys()]).toEqual([...bookings.keys()]);
      expect([...lost.bookings.values()].map(({ calls }) => calls)).toEqual([2, 2, 2, 2]);
    });

    it('goes on with the step in which its model broke off', async () => {
      const { attempts, errors, frames, ...whole } = await run(kind);
      const broken = await run(kind, { breaksOffIn: 1 });
      expect(broken).toMatchObject({ ...whole, attempts: 2 });
      expect(broken.errors).toContain(overloaded);
    });
  });
});

/**
 * For each attempt that is lost before a frame of an undisturbed log, how many frames all attempts have
 * written until then.
 */
function killsAt(lost: readonly number[], frames: readonly Frame[]): number[] {
  // The first two are not written by the work.
  let begin = 2;
  let written = 0;
  return lost.map((end) => {
    written += end - begin + 1;
    const starts = frames.filter(
      ({ type, index }) => type === 'data-task-checkpoint' && index < end,
    );
    begin = (starts.at(-1)?.index ?? 1) + 1;
    return written;
  });
}

/** What does not depend on which ids were drawn, and when it happened. */
function withoutIds(parts: unknown): unknown {
  const changing = /^(id|toolCallId|createdAt|updatedAt|durationMs|settledAt|attempt)$/;
  return JSON.parse(
    JSON.stringify(parts, (key, value) => (changing.test(key) ? undefined : value)),
  );
}
