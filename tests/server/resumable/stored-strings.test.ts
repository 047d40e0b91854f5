import * as ai7 from 'ai';
import { cancelTask } from 'ai-task-stream/server';
import * as ai6 from 'ai-v6';
import { describe, expect, it } from 'vitest';
import { createDeferred, turns } from '../../helpers/async';
import { createId, createOwnContext } from '../../helpers/tasks';
import { createOurs, createSource, createTextReader, isOver, readAll } from './string-sources';

describe('a stream in one of our contexts', () => {
  it.each(['', 'x', 'a/b c', 'ü'.repeat(1_000), '\ud800', '\udfff', 'lib/0123456789abcdef'])(
    'may have any name, such as %j',
    async (streamId) => {
      const memory = createOwnContext();
      const context = createOurs({}, memory);
      const source = createSource(['text']);
      const own = createTextReader(
        await context.createNewResumableStream(streamId, source.makeStream),
      );
      await own.until(4);
      expect(await context.hasExistingStream(streamId)).toBe(true);
      for (const other of ['y', 'a/b', '\ud801', '\ufffd', `${streamId}x`]) {
        expect(await context.hasExistingStream(other)).toBe(null);
      }
      source.close();
      await own.rest();
    },
  );

  it('is a task of the same id when it can be, which stops when that is cancelled', async () => {
    const memory = createOwnContext();
    const context = createOurs({}, memory);
    const taskId = createId();
    const source = createSource(['one']);
    const own = createTextReader(await context.createNewResumableStream(taskId, source.makeStream));
    await own.until(3);
    expect(await cancelTask({ taskId, streamContext: memory, reason: 'Enough.' })).toBe(true);
    await expect(own.rest()).rejects.toMatchObject({ code: 'cancelled', message: 'Enough.' });
    expect(source.onCancel).toHaveBeenCalledTimes(1);
    expect(await memory.inspect(taskId)).toMatchObject({ status: 'cancelled' });
  });

  it('that was cancelled before it began takes nothing of its source', async () => {
    const memory = createOwnContext();
    const taskId = createId();
    await memory.cancel(taskId, { reason: 'early' });
    const source = createSource(['one']);
    const own = await createOurs({}, memory).resumableStream(taskId, source.makeStream);
    await expect(readAll(own)).rejects.toMatchObject({ code: 'cancelled', message: 'early' });
    expect(source.onCancel).toHaveBeenCalledTimes(1);
  });

  it('is not a task that has an owner', async () => {
    const memory = createOwnContext();
    const taskId = createId();
    const log = await memory.open(taskId, {
      owner: 'me',
      leaseMs: 1_000,
      token: createId(),
      frames: [],
    });
    const context = createOurs({ replayAfterEnd: true }, memory);
    expect(await context.hasExistingStream(taskId)).toBe(null);
    expect(await context.resumeExistingStream(taskId)).toBe(undefined);
    expect(await context.resumableStream(taskId, createSource().makeStream)).toBe(null);
    await log?.settle([], 'completed');
  });

  it('of which a part is missing fails with the code gap', async () => {
    const memory = createOwnContext();
    const taskId = createId();
    const data = { taskId, code: 'gap', message: 'Some of it is missing.', retryable: false };
    const gap = JSON.stringify({ type: 'data-task-error', id: taskId, data });
    const log = await memory.open(taskId, {
      leaseMs: 1_000,
      token: createId(),
      frames: ['"one "', gap, '"three"'],
    });
    const reader = createTextReader(await createOurs({}, memory).resumeExistingStream(taskId));
    expect(await reader.until(4)).toBe('one ');
    await expect(reader.rest()).rejects.toMatchObject({ code: 'gap' });
    await log?.settle([], 'completed');
  });

  it('is not created while the storage is away', async () => {
    const memory = createOwnContext();
    const context = createOurs(
      {},
      {
        ...memory,
        open: () => Promise.reject(new Error('away')),
        inspect: () => Promise.reject(new Error('away')),
      },
    );
    const source = createSource();
    await expect(context.createNewResumableStream('id', source.makeStream)).rejects.toThrow('away');
    await expect(context.resumeExistingStream('id')).rejects.toThrow('away');
    expect(source.makeStream).not.toHaveBeenCalled();
  });

  it('fails for its readers when it cannot be read, and is pumped all the same', async () => {
    const memory = createOwnContext();
    const context = createOurs({}, { ...memory, read: () => Promise.reject(new Error('away')) });
    const source = createSource(['one']);
    source.close();
    const own = await context.createNewResumableStream('id', source.makeStream);
    await expect(readAll(own)).rejects.toThrow('away');
    await isOver(context, 'id');
  });
});

describe.each([
  { version: 7, ai: ai7 },
  { version: 6, ai: ai6 as unknown as typeof ai7 },
])('the recipe of AI SDK $version for streams that can be resumed', ({ ai }) => {
  it('gives the exact bytes again', async () => {
    const context = createOurs({ replayAfterEnd: true });
    const gate = createDeferred();
    const stream = ai.createUIMessageStream({
      async execute({ writer }) {
        writer.write({ type: 'start', messageId: 'message' });
        writer.write({ type: 'text-start', id: 't' });
        for (const delta of ['Grüße ', '漢字 ', '😀\ud83d', '\n\n']) {
          writer.write({ type: 'text-delta', id: 't', delta });
          await turns(1);
        }
        await gate.promise;
        for (let n = 0; n < 500; n++) writer.write({ type: 'text-delta', id: 't', delta: `${n} ` });
        writer.write({ type: 'text-end', id: 't' });
        writer.write({ type: 'finish' });
      },
    });
    const consumed = createDeferred();
    const response = ai.createUIMessageStreamResponse({
      stream,
      async consumeSseStream({ stream: sseStream }) {
        await context.createNewResumableStream('chat/1', () => sseStream);
        consumed.resolve();
      },
    });
    const bytes = response.text();
    await consumed.promise;
    const resumed = await context.resumeExistingStream('chat/1');
    const headers = ai.UI_MESSAGE_STREAM_HEADERS;
    const again = new Response(resumed?.pipeThrough(new TextEncoderStream()), { headers }).text();
    gate.resolve();
    expect(await again).toBe(await bytes);
    expect((await bytes).endsWith('data: [DONE]\n\n')).toBe(true);
    expect(await readAll(await context.resumeExistingStream('chat/1'))).toBe(await bytes);
  });

  it('goes on when the page has left', async () => {
    const context = createOurs({ replayAfterEnd: true });
    const gate = createDeferred();
    const stream = ai.createUIMessageStream({
      async execute({ writer }) {
        writer.write({ type: 'text-start', id: 't' });
        await gate.promise;
        writer.write({ type: 'text-delta', id: 't', delta: 'after' });
        writer.write({ type: 'text-end', id: 't' });
      },
    });
    const response = ai.createUIMessageStreamResponse({
      stream,
      consumeSseStream: ({ stream: sseStream }) => {
        context.createNewResumableStream('chat/1', () => sseStream);
      },
    });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    gate.resolve();
    await isOver(context, 'chat/1');
    expect(await readAll(await context.resumeExistingStream('chat/1'))).toContain('after');
  });
});
