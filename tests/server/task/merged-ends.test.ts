import type { UIMessageChunk } from 'ai';
import { TaskError } from 'ai-task-stream';
import { streamTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { aiVersions, finishPart, textParts } from '../../helpers/ai-versions';
import { aborted, until } from '../../helpers/async';
import { storedChunksIn, typesIn } from '../../helpers/sse';
import { createOwnContext, runToText, startOwnTask } from '../../helpers/tasks';

const begun: UIMessageChunk[] = [
  { type: 'start' },
  { type: 'start-step' },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Hel' },
];

function streamOf(...chunks: UIMessageChunk[]): ReadableStream<UIMessageChunk> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

/** Brings the chunks, and then breaks. */
function brokenStream(error: unknown): ReadableStream<UIMessageChunk> {
  const left = [...begun];
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk) controller.enqueue(chunk);
      else controller.error(error);
    },
  });
}

/** The parts of a model that says something and then nothing any more. */
function stuckModel(signal: AbortSignal | undefined): ReadableStream<Record<string, unknown>> {
  return new ReadableStream({
    start(controller) {
      // As fetch does it: the body of an aborted request fails with the reason.
      signal?.addEventListener('abort', () => controller.error(signal.reason), { once: true });
      controller.enqueue({ type: 'stream-start', warnings: [] });
      controller.enqueue({ type: 'text-start', id: 't' });
      controller.enqueue({ type: 'text-delta', id: 't', delta: 'Hel' });
    },
  });
}

const completed = { status: 'completed' };
const cutOff = { status: 'failed', error: { code: 'stream-aborted', retryable: true } };
const failed = { status: 'failed', error: { code: 'stream-failed' } };
const textEnd: UIMessageChunk = { type: 'text-end', id: 't' };
const stepEnd: UIMessageChunk = { type: 'finish-step' };

describe('R-MERGE-3: a merged stream', () => {
  it.each<[string, object, UIMessageChunk[]]>([
    ['finishes', completed, [textEnd, stepEnd, { type: 'finish', finishReason: 'stop' }]],
    [
      'reaches its limit',
      completed,
      [textEnd, stepEnd, { type: 'finish', finishReason: 'length' }],
    ],
    [
      'finishes otherwise',
      completed,
      [textEnd, stepEnd, { type: 'finish', finishReason: 'other' }],
    ],
    ['ends after its last step', completed, [textEnd, stepEnd]],
    ['ends in the midst of a text', completed, []],
    ['is aborted', cutOff, [{ type: 'abort' }]],
    ['is aborted for a reason', cutOff, [{ type: 'abort', reason: 'secret' }]],
    ['is aborted and then finishes', cutOff, [{ type: 'abort' }, { type: 'finish' }]],
    ['finishes and is aborted then', cutOff, [{ type: 'finish' }, { type: 'abort' }]],
    ['fails', failed, [{ type: 'error', errorText: 'No.' }]],
    ['fails and then finishes', failed, [{ type: 'error', errorText: 'No.' }, { type: 'finish' }]],
    ['finishes with an error', failed, [{ type: 'finish', finishReason: 'error' }]],
    ['fails and is aborted then', failed, [{ type: 'error', errorText: 'No.' }, { type: 'abort' }]],
  ])('that %s makes of the task %j', async (_how, outcome, end) => {
    const works = [
      (writer: { merge(stream: ReadableStream<UIMessageChunk>): void }) =>
        writer.merge(streamOf(...begun, ...end)),
      (writer: { write(chunk: UIMessageChunk): void }) => {
        for (const chunk of [...begun, ...end]) writer.write(chunk);
      },
    ];
    for (const work of works) {
      const { task, text, reported } = await runToText({
        execute: ({ writer }) => {
          work(writer);
          return 'fine';
        },
      });
      expect(await task.consume()).toMatchObject(outcome);
      expect(reported).toHaveLength(outcome === completed ? 0 : 1);
      expect(text).not.toContain('secret');
      for (const ai of aiVersions) {
        const message = await ai.readMessage(storedChunksIn(text), { onError: () => {} });
        expect(message?.parts).toContainEqual({ type: 'text', text: 'Hel', state: 'done' });
      }
    }
  });

  it.each([
    ['an abort', new DOMException('secret', 'AbortError'), 'stream-aborted'],
    ['a time limit', new DOMException('secret', 'TimeoutError'), 'stream-aborted'],
    ['another error', new Error('secret'), 'internal'],
  ])(
    'that breaks off by %s fails the task, and the host gets the reason',
    async (_by, error, code) => {
      const { task, text, reported } = await runToText({
        execute: ({ writer }) => writer.merge(brokenStream(error)),
      });
      expect(await task.consume()).toMatchObject({ status: 'failed', error: { code } });
      expect(text).not.toContain('secret');
      const [first] = reported as [Error];
      expect(first === error || first.cause === error).toBe(true);
    },
  );

  it('that is aborted tells more than what the work throws for that reason', async () => {
    const { task, reported } = await runToText({
      execute: async ({ writer }) => {
        writer.merge(streamOf(...begun, { type: 'abort' }));
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error('No output.');
      },
    });
    expect(await task.consume()).toMatchObject(cutOff);
    expect(reported).toHaveLength(2);
  });

  it.each([
    ['cancelled', 'cancelled', undefined],
    ['timeout', 'failed', 20],
  ])(
    'that is aborted because the task is stopped leaves the task %s',
    async (code, status, deadlineMs) => {
      const { task, reported } = startOwnTask({
        deadlineMs,
        execute: async ({ writer, signal }) => {
          await aborted(signal);
          writer.merge(streamOf(...begun, { type: 'abort' }));
        },
      });
      if (!deadlineMs) await task.cancel();
      expect(await task.consume()).toMatchObject({ status, error: { code } });
      expect(reported).toEqual([]);
    },
  );

  it.each([
    ['is cancelled', cutOff, 'cancel'],
    ['fails', failed, 'fail'],
    ['completes', completed, 'return'],
  ] as const)('of a task that %s makes of the other %j', async (_how, outcome, end) => {
    const { task } = await runToText({
      execute: async ({ writer }) => {
        const inner = streamTask({
          streamContext: createOwnContext(),
          onError: () => {},
          execute: async ({ signal }) => {
            if (end === 'cancel') await aborted(signal);
            if (end === 'fail') throw new TaskError({ message: 'Inner.' });
          },
        });
        writer.merge(inner.toUIMessageStream());
        if (end === 'cancel') await inner.cancel();
      },
    });
    expect(await task.consume()).toMatchObject(outcome);
  });
});

describe.each(aiVersions)('R-MERGE-3: streamText of AI SDK $version', (ai) => {
  it.each([
    ['its own time limit', () => ({ timeout: 30 })],
    ['its time limit for a chunk', () => ({ timeout: { chunkMs: 30 } })],
    ['a signal of the host', () => ({ signal: AbortSignal.timeout(30) })],
    ['a signal that has aborted already', () => ({ signal: AbortSignal.abort() })],
  ])('that is aborted by %s fails the task', async (_by, options) => {
    const { task, text } = await runToText({
      execute: ({ writer }) => writer.merge(ai.streamText({ parts: stuckModel, ...options() })),
    });
    expect(await task.consume()).toMatchObject(cutOff);
    expect(typesIn(text).at(-1)).toBe('error');
    for (const chunk of storedChunksIn(text)) await ai.validateChunk(chunk);
    const message = await ai.readMessage(storedChunksIn(text), { onError: () => {} });
    for (const part of message?.parts ?? []) {
      if (part.type === 'text') expect(part.state).toBe('done');
    }
  });

  it('without a finish completes the task', async () => {
    const { task, text } = await runToText({
      execute: ({ writer }) =>
        writer.merge(ai.streamText({ parts: textParts('Hello'), sendFinish: false })),
    });
    expect(await task.consume()).toMatchObject(completed);
    expect(storedChunksIn(text).at(-1)).toEqual({ type: 'finish' });
  });

  it('that reaches the limit of its tokens completes the task, and says so', async () => {
    const { task, text } = await runToText({
      execute: ({ writer }) =>
        writer.merge(
          ai.streamText({ parts: [...textParts('Hel').slice(0, -1), finishPart('length')] }),
        ),
    });
    expect(await task.consume()).toMatchObject(completed);
    expect(storedChunksIn(text).at(-1)).toMatchObject({ type: 'finish', finishReason: 'length' });
  });

  it('whose model ends with an error fails the task', async () => {
    const { task } = await runToText({
      execute: ({ writer }) =>
        writer.merge(
          ai.streamText({ parts: [...textParts('Hel').slice(0, -1), finishPart('error')] }),
        ),
    });
    expect(await task.consume()).toMatchObject(failed);
  });

  it('that is left when the task is cancelled leaves it cancelled', async () => {
    const { task, reported } = startOwnTask({
      execute: ({ writer, signal }) => writer.merge(ai.streamText({ parts: stuckModel, signal })),
    });
    const response = await task.toResponse();
    const reader = response.body?.getReader();
    let text = '';
    await until(async () => {
      text += new TextDecoder().decode((await reader?.read())?.value);
      return text.includes('Hel');
    });
    await reader?.cancel();
    await task.cancel();
    expect(await task.consume()).toMatchObject({ status: 'cancelled' });
    expect(reported).toEqual([]);
  });
});
