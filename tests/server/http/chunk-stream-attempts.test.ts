// A task that is attempted again, read in its own process, where nobody would ask again after a cut.
import type { UIMessageChunk } from 'ai';
import { TaskError } from 'ai-task-stream';
import { defineTask, streamTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { aiVersions } from '../../helpers/ai-versions';
import { createDeferred, turns } from '../../helpers/async';
import { createId, createOwnContext } from '../../helpers/tasks';

const again = new TaskError({ code: 'busy', message: 'Not now.', retryable: true });

/** Fails once in the middle of a text and a tool call, behind a checkpoint. */
const story = defineTask({
  name: 'story',
  retry: { backoffMs: 0 },
  onError: () => {},
  async execute({ task, writer }) {
    const { attempt } = task;
    const say = (id: string, delta: string) => {
      writer.write({ type: 'text-start', id });
      writer.write({ type: 'text-delta', id, delta });
    };
    if (attempt === 1) {
      say('a', 'Once');
      writer.write({ type: 'text-end', id: 'a' });
      await task.checkpoint(1);
    }
    say('b', `upon ${attempt}`);
    const call = { toolCallId: `call-${attempt}`, toolName: 'draw' };
    writer.write({ type: 'tool-input-start', ...call });
    // So that whoever reads along has this before the attempt ends.
    await turns(5);
    if (attempt === 1) throw again;
    writer.write({ type: 'text-end', id: 'b' });
    writer.write({ type: 'tool-input-available', ...call, input: {} });
    writer.write({ type: 'tool-output-available', toolCallId: call.toolCallId, output: 1 });
    return attempt;
  },
});

async function collect(stream: ReadableStream<UIMessageChunk>): Promise<UIMessageChunk[]> {
  const chunks: UIMessageChunk[] = [];
  for await (const chunk of stream as unknown as AsyncIterable<UIMessageChunk>) chunks.push(chunk);
  return chunks;
}

const typesOf = (chunks: readonly UIMessageChunk[]) =>
  chunks.map(({ type }) => type).filter((type) => type !== 'data-task-heartbeat');

const told = ['text-start', 'text-delta'];
const done = ['text-end', 'tool-input-available', 'tool-output-available'];

describe('the chunks of a task that is attempted again', () => {
  it('go on with the next attempt, behind the ends of what the one before has left open', async () => {
    const task = story.start(undefined, { streamContext: createOwnContext() });
    const chunks = await collect(task.toUIMessageStream());
    expect(typesOf(chunks)).toEqual([
      ...['start', 'data-task', ...told, 'text-end', 'data-task-checkpoint'],
      ...[...told, 'tool-input-start', 'text-end', 'tool-output-error'],
      ...['data-task-rewind', 'data-task', ...told, 'tool-input-start', ...done],
      ...['data-task', 'data-task-settle', 'finish'],
    ]);
  });

  it('have nothing void for a reader who comes later', async () => {
    const task = story.start(undefined, { streamContext: createOwnContext() });
    await task.consume();
    expect(typesOf(await collect(task.toUIMessageStream()))).toEqual([
      ...['start', 'data-task', ...told, 'text-end', 'data-task-checkpoint'],
      ...['data-task-rewind', 'data-task', ...told, 'tool-input-start', ...done],
      ...['data-task', 'data-task-settle', 'finish'],
    ]);
  });

  it.each(aiVersions)('are taken by the AI SDK $version', async ({ readMessage }) => {
    const task = story.start(undefined, { streamContext: createOwnContext() });
    const errors: unknown[] = [];
    const chunks = await collect(task.toUIMessageStream());
    const message = await readMessage(chunks, { onError: (error) => errors.push(error) });
    const texts = message?.parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
    expect([errors, texts]).toEqual([[], ['Once', 'upon 1', 'upon 2']]);
  });

  it('can be merged into another task, which goes on', async () => {
    const streamContext = createOwnContext();
    const outer = streamTask({
      streamContext,
      execute({ writer }) {
        writer.merge(story.start(undefined, { streamContext }).toUIMessageStream());
      },
    });
    expect(await outer.consume()).toMatchObject({ status: 'completed' });
  });
});

it('tells a caller who has joined a task the result of its last attempt', async () => {
  const gate = createDeferred();
  const counted = defineTask({
    name: 'counted',
    retry: { backoffMs: 0 },
    onError: () => {},
    async execute({ task }) {
      task.log(`attempt ${task.attempt}`);
      await gate.promise;
      await turns(5);
      if (task.attempt < 3) throw again;
      return task.attempt;
    },
  });
  const given = { streamContext: createOwnContext(), taskId: createId() };
  const first = counted.start(undefined, given);
  await turns(5);
  const joined = counted.start(undefined, given);
  const result = joined.result;
  await turns(5);
  gate.resolve();
  expect([await first.result, await result]).toEqual([3, 3]);
});
