import { TaskError } from 'ai-task-stream';
import { toResumableStreamContext } from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { createOwnContext } from '../../helpers/tasks';
import { createOurs, createSource, createTextReader, isOver, readAll } from './string-sources';

describe('a source that fails', () => {
  it('ends the stream for all readers, is reported, and rejects nowhere', async () => {
    const onError = vi.fn();
    const context = createOurs({ onError, replayAfterEnd: true });
    const source = createSource(['one ']);
    const own = createTextReader(await context.createNewResumableStream('id', source.makeStream));
    const other = createTextReader(await context.resumeExistingStream('id'));
    await Promise.all([own.until(4), other.until(4)]);
    const error = new Error('The password is 123.');
    source.fail(error);
    const told = {
      name: 'TaskError',
      code: 'internal',
      message: 'The source of the stream failed.',
    };
    await expect(own.rest()).rejects.toMatchObject(told);
    await expect(other.rest()).rejects.toMatchObject(told);
    expect(onError.mock.calls).toEqual([[error, { streamId: 'id' }]]);
    expect(await context.hasExistingStream('id')).toBe('DONE');
    const late = createTextReader(await context.resumeExistingStream('id'));
    expect(await late.until(4)).toBe('one ');
    await expect(late.rest()).rejects.toMatchObject(told);
  });

  it('with a TaskError tells readers that', async () => {
    const context = createOurs();
    const source = createSource();
    const own = await context.createNewResumableStream('id', source.makeStream);
    source.fail(new TaskError({ code: 'busy', message: 'Come back later.', retryable: true }));
    const told = { code: 'busy', message: 'Come back later.', retryable: true };
    await expect(readAll(own)).rejects.toMatchObject(told);
  });

  it('when nobody reads is only reported', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const context = toResumableStreamContext(createOwnContext());
    const source = createSource();
    await context.createNewResumableStream('id', source.makeStream);
    source.fail(new Error('broken'));
    await isOver(context, 'id');
    expect(error.mock.calls).toEqual([['ai-task-stream: stream id:', new Error('broken')]]);
    error.mockRestore();
  });

  it('ends its stream also when `onError` throws', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const context = createOurs({
      onError: () => {
        throw new Error('in onError');
      },
    });
    const source = createSource();
    await context.createNewResumableStream('id', source.makeStream);
    source.fail(new Error('broken'));
    await isOver(context, 'id');
    expect(error.mock.calls).toEqual([
      ['ai-task-stream: `onError` threw:', new Error('in onError')],
    ]);
    error.mockRestore();
  });

  it('by not being there rejects the call, and ends the stream', async () => {
    const context = createOurs();
    const makeStream = () => {
      throw new Error('no source');
    };
    await expect(context.resumableStream('id', makeStream)).rejects.toThrow('no source');
    expect(await context.hasExistingStream('id')).toBe('DONE');
  });

  it('by giving something else than strings is cancelled', async () => {
    const onError = vi.fn();
    const onCancel = vi.fn();
    const bytes = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(1)),
      cancel: onCancel,
    });
    const context = createOurs({ onError });
    const own = await context.createNewResumableStream('id', () => bytes);
    await expect(readAll(own)).rejects.toMatchObject({ code: 'internal' });
    expect(onError.mock.calls[0]?.[0]).toBeInstanceOf(TypeError);
    expect(onCancel).toHaveBeenCalledTimes(1);
  });
});
