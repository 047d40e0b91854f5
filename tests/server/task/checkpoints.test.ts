import type { UIMessageChunk } from 'ai';
import { TaskError } from 'ai-task-stream';
import { defineTask, type ExecuteOptions, type TaskStreamContext } from 'ai-task-stream/server';
import superjson from 'superjson';
import { describe, expect, it } from 'vitest';
import { aiVersions, textParts } from '../../helpers/ai-versions';
import { createDeferred, turns } from '../../helpers/async';
import { createId, createOwnContext, readLog } from '../../helpers/tasks';

type Work = (options: ExecuteOptions<unknown, string, unknown>) => unknown;

/** Runs work that may be attempted again, and resolves with how it ended and with its log. */
async function run(
  execute: Work,
  {
    streamContext = createOwnContext(),
    ...options
  }: { streamContext?: TaskStreamContext; [option: string]: unknown } = {},
) {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const settings = { name: 'work', retry: { backoffMs: 0 }, onError, ...options };
  const definition = defineTask({ ...settings, execute: (given) => execute(given as never) });
  const task = definition.start(undefined, { streamContext });
  const settlement = await task.consume();
  const chunks = (await readLog(streamContext, task.taskId)).map(
    (json): UIMessageChunk & { data?: { index?: number } } => JSON.parse(json),
  );
  return { settlement, chunks, errors };
}

/** What the log tells, as short words. */
function story(chunks: readonly (UIMessageChunk & { data?: { index?: number } })[]): string[] {
  return chunks.flatMap((chunk) => {
    if (chunk.type === 'text-delta') return chunk.delta;
    if (chunk.type === 'data-task-checkpoint') return `checkpoint ${chunk.data?.index}`;
    return /^(start|finish)-step$/.test(chunk.type) ? chunk.type : [];
  });
}

/** A stream whose chunks are given by hand. */
function createSource<Chunk = UIMessageChunk>() {
  let controller: ReadableStreamDefaultController<Chunk>;
  const stream = new ReadableStream<Chunk>({
    start(own) {
      controller = own;
    },
  });
  return {
    stream,
    give: (...chunks: Chunk[]) => {
      for (const chunk of chunks) controller.enqueue(chunk);
    },
    end: () => controller.close(),
  };
}

function step(id: string, ...deltas: string[]): UIMessageChunk[] {
  return [
    { type: 'start-step' },
    { type: 'text-start', id },
    ...deltas.map((delta): UIMessageChunk => ({ type: 'text-delta', id, delta })),
    { type: 'text-end', id },
    { type: 'finish-step' },
  ];
}

describe('a checkpoint', () => {
  it.each(aiVersions)(
    'waits for the end of the step of `streamText`, AI SDK $version (R-ATTEMPT-5)',
    async ({ streamText }) => {
      const { chunks, settlement } = await run(async ({ task, writer }) => {
        const parts = textParts('One ', 'two');
        const model = createSource<Record<string, unknown>>();
        writer.merge(streamText({ parts: model.stream }));
        model.give(...parts.slice(0, 3));
        await turns();
        const made = task.checkpoint(1);
        await turns();
        model.give(...parts.slice(3));
        model.end();
        expect(await made).toBe(true);
        writer.merge(streamText({ parts: textParts('Three') }));
        expect(await task.checkpoint(2)).toBe(true);
      });
      expect(settlement.status).toBe('completed');
      expect(story(chunks)).toEqual([
        ...['start-step', 'One ', 'two', 'finish-step', 'checkpoint 0'],
        ...['start-step', 'Three', 'finish-step', 'checkpoint 1'],
      ]);
    },
  );

  it.each(aiVersions)(
    'waits for all `streamText`s that are merged in parallel, AI SDK $version',
    async ({ streamText }) => {
      const { chunks, settlement } = await run(async ({ task, writer }) => {
        const models = [0, 1, 2].map(() => createSource<Record<string, unknown>>());
        for (const { stream } of models) writer.merge(streamText({ parts: stream }));
        await turns();
        const parts = models.map((_, n) => textParts(`${n} `, `${n}.`));
        for (const [n, { give }] of models.entries()) give(...(parts[n]?.slice(0, 3) ?? []));
        await turns();
        const made = task.checkpoint(1);
        for (const [n, { give, end }] of models.entries()) {
          give(...(parts[n]?.slice(3) ?? []));
          end();
          await turns();
        }
        expect(await made).toBe(true);
      });
      expect(settlement.status).toBe('completed');
      expect(story(chunks).slice(-2)).toEqual(['finish-step', 'checkpoint 0']);
      expect(story(chunks).filter((word) => /\d/.test(word) && !/check/.test(word))).toHaveLength(
        6,
      );
    },
  );

  it('holds streams that stand at a step’s end until the others stand there, too', async () => {
    const { chunks } = await run(async ({ task, writer }) => {
      const fast = createSource();
      const slow = createSource();
      writer.merge(fast.stream);
      writer.merge(slow.stream);
      slow.give(...step('slow', 'a').slice(0, 3));
      await turns();
      const made = task.checkpoint(1);
      // What is at hand when the checkpoint is asked for comes before it.
      await turns();
      fast.give(...step('fast', '1'), ...step('fast', '2'));
      await turns();
      slow.give(...step('slow', 'b').slice(2), ...step('slow', 'c'));
      expect(await made).toBe(true);
      fast.end();
      slow.end();
    });
    const words = story(chunks).filter((word) => !word.includes('step'));
    expect(words.slice(0, 4).sort()).toEqual(['1', 'a', 'b', 'checkpoint 0']);
    expect(words.indexOf('checkpoint 0')).toBe(3);
    expect(words.slice(4).sort()).toEqual(['2', 'c']);
  });

  it('is not made while parts stay open for longer than `graceMs`, and the merges go on', async () => {
    const { chunks, settlement, errors } = await run(
      async ({ task, writer }) => {
        writer.write({ type: 'text-start', id: 'mine' });
        writer.write({ type: 'tool-input-start', toolCallId: 'call', toolName: 'draw' });
        const source = createSource();
        writer.merge(source.stream);
        // No step begins while the input of another call is streaming.
        source.give(...step('theirs', '1'));
        await expect(task.checkpoint(1)).rejects.toMatchObject({
          code: 'checkpoint-open-parts',
          details: {
            open: [
              { kind: 'text', id: 'mine' },
              { kind: 'tool', id: 'call' },
            ],
          },
        });
        source.end();
        writer.write({ type: 'text-end', id: 'mine' });
        writer.write({ type: 'tool-output-error', toolCallId: 'call', errorText: 'No.' });
        // Then nothing is left to wait for.
        await turns();
        expect(await task.checkpoint(2)).toBe(true);
      },
      { graceMs: 20 },
    );
    expect([settlement.status, errors]).toEqual(['completed', []]);
    expect(story(chunks)).toEqual(['1', 'finish-step', 'checkpoint 0']);
  });

  it('may be made while calls wait for the page, and those still wait in the next attempt', async () => {
    const { chunks } = await run(async ({ task, writer }) => {
      if (task.attempt === 1) {
        writer.write({ type: 'start-step' });
        const call = { toolCallId: 'client', toolName: 'ask', input: {} };
        writer.write({ type: 'tool-input-available', ...call });
        writer.write({ type: 'tool-input-available', ...call, toolCallId: 'approve' });
        writer.write({ type: 'tool-approval-request', toolCallId: 'approve', approvalId: 'a' });
        writer.write({ type: 'finish-step' });
        expect(await task.checkpoint(1)).toBe(true);
        throw new TaskError({ message: 'Again.', retryable: true });
      }
      expect(await task.checkpoint(2)).toBe(true);
      throw new Error('End.');
    });
    expect(chunks.filter(({ type }) => type.startsWith('tool-output'))).toEqual([]);
    expect(story(chunks).slice(-2)).toEqual(['checkpoint 0', 'checkpoint 1']);
  });

  it('comes after others that were asked for before, and sends the newest snapshot', async () => {
    const { chunks } = await run(async ({ task }) => {
      const made = [1, 2, 3].map(async (value) => {
        task.progress({ value });
        return task.checkpoint(value);
      });
      expect(await Promise.all(made)).toEqual([true, true, true]);
    });
    expect(story(chunks)).toEqual(['checkpoint 0', 'checkpoint 1', 'checkpoint 2']);
    const first = chunks.findIndex(({ type }) => type === 'data-task-checkpoint');
    expect(chunks[first - 1]).toMatchObject({
      type: 'data-task',
      data: { progress: { value: 3 } },
    });
  });

  it('says `false` when it is not known to be stored, and never gives its index again (R-ATTEMPT-5)', async () => {
    const context = createOwnContext();
    const indexes: number[] = [];
    const streamContext: TaskStreamContext = {
      ...context,
      async open(...given) {
        const log = await context.open(...given);
        return (
          log && {
            ...log,
            checkpoint: async (data, start) => {
              indexes.push(start.index);
              return start.index !== 1 && (await log.checkpoint?.(data, start)) === true;
            },
          }
        );
      },
    };
    await run(
      async ({ task }) => {
        expect(await task.checkpoint('a')).toBe(true);
        expect(await task.checkpoint('b')).toBe(false);
        expect(await task.checkpoint('c')).toBe(true);
      },
      { streamContext },
    );
    expect(indexes).toEqual([0, 1, 2]);
  });

  it('takes what JSON carries, and no more than it may have', async () => {
    const { chunks } = await run(
      async ({ task }) => {
        await expect(task.checkpoint({ at: [1n] })).rejects.toMatchObject({
          code: 'unserializable',
          details: { path: 'checkpoint.at[0]' },
        });
        await expect(task.checkpoint(new Map())).rejects.toMatchObject({ code: 'unserializable' });
        await expect(task.checkpoint('é'.repeat(50))).rejects.toMatchObject({
          code: 'checkpoint-too-large',
          details: { bytes: 102, maxBytes: 100 },
        });
        expect(await task.checkpoint('é'.repeat(49))).toBe(true);
      },
      { maxCheckpointBytes: 100 },
    );
    expect(story(chunks)).toEqual(['checkpoint 0']);
  });

  it('is refused once the task has settled, also while it waits', async () => {
    const late = createDeferred<unknown>();
    let task: ExecuteOptions<unknown, string, unknown>['task'] | undefined;
    await run(({ task: own, writer }) => {
      task = own;
      writer.write({ type: 'text-start', id: 'open' });
      own.checkpoint(1).then(late.resolve, late.resolve);
    });
    expect(await late.promise).toMatchObject({ code: 'settled' });
    await expect(task?.checkpoint(2)).rejects.toMatchObject({ code: 'settled' });
  });

  it('is nothing for a task that cannot be attempted again', async () => {
    const { chunks, settlement } = await run(
      async ({ task }) => {
        await expect(task.checkpoint(1n)).rejects.toMatchObject({ code: 'unserializable' });
        return [await task.checkpoint(1), task.attempt, task.lastCheckpoint];
      },
      { retry: undefined },
    );
    expect(settlement.result).toEqual([false, 1, undefined]);
    expect(story(chunks)).toEqual([]);
  });

  it('goes through the transformer of the definition', async () => {
    const { settlement } = await run(
      async ({ task }) => {
        if (task.attempt === 2) return task.lastCheckpoint;
        await task.checkpoint({ at: new Date(7), ids: new Set([1n]) });
        throw new TaskError({ message: 'Again.', retryable: true });
      },
      { transformer: superjson },
    );
    expect(settlement.result).toEqual({ at: new Date(7), ids: new Set([1n]) });
  });
});

describe('the key of a task within another', () => {
  it('gives it the same taskId in each attempt, and to no other', async () => {
    const ids: string[] = [];
    const { chunks } = await run(async ({ task }) => {
      const note = ({ task: { taskId } }: { task: { taskId: string } }) => {
        ids.push(taskId);
      };
      await task.run({ key: 'a', execute: note });
      await task.run({
        key: 'b',
        execute: async (inner) => {
          note(inner);
          await inner.task.run({ key: 'a', execute: note });
        },
      });
      if (task.attempt === 1) throw new TaskError({ message: 'Again.', retryable: true });
    });
    expect(ids.slice(3)).toEqual(ids.slice(0, 3));
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(chunks.filter(({ type }) => type === 'data-task-settle')).toHaveLength(4);
  });

  it('names one task at a time', async () => {
    const { settlement } = await run(async ({ task }) => {
      const gate = createDeferred();
      const first = task.run({ key: createId(), execute: () => gate.promise });
      const twice = task.run({ key: 'same', execute: () => gate.promise });
      await expect(task.run({ key: 'same', execute: () => 'no' })).rejects.toMatchObject({
        code: 'key-in-use',
        details: { key: 'same' },
      });
      gate.resolve();
      await Promise.all([first, twice]);
      return task.run({ key: 'same', execute: () => 'again' });
    });
    expect(settlement.result).toBe('again');
  });
});
