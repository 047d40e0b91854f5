import { APICallError, type ImageModel } from 'ai';
import { MockImageModelV4 } from 'ai/test';
import { taskPercent } from 'ai-task-stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as batch from '../../examples/patterns/batch';
import * as deadline from '../../examples/patterns/deadline';
import { createImageRoute } from '../../examples/patterns/image-generation';
import * as indeterminate from '../../examples/patterns/indeterminate-with-logs';
import * as nested from '../../examples/patterns/nested-tasks';
import * as percentage from '../../examples/patterns/percentage';
import * as upload from '../../examples/patterns/upload-and-file';
import * as weightedSteps from '../../examples/patterns/weighted-steps';
import { post, runPattern, see } from './run-pattern';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('percentage', () => {
  it('comes to 100 % with the result of every item', async () => {
    const { state } = await runPattern(percentage, { photos: ['a.jpg', 'b.jpg'] });
    expect(state.progress).toEqual({ value: 2, total: 2, message: 'b.jpg' });
    expect(taskPercent(state)).toBe(100);
    expect(state.settlement?.result).toEqual({ thumbnails: ['a-small.jpg', 'b-small.jpg'] });
  });

  it('refuses an input that does not fit before anything starts', async () => {
    const response = await post(percentage, { photos: [] });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid-input' } });
  });
});

describe('weighted steps', () => {
  it('come one after the other to a completed whole', async () => {
    const { state } = await runPattern(weightedSteps, { video: 'tides' });
    expect(state.steps).toMatchObject([
      { name: 'download', weight: 10, status: 'completed' },
      { name: 'convert', weight: 80, status: 'completed', progress: { value: 24, total: 24 } },
      { name: 'publish', weight: 10, status: 'completed' },
    ]);
    expect(taskPercent(state)).toBe(100);
    expect(state.settlement?.result).toEqual({ url: 'https://videos.example/tides', frames: 24 });
  });
});

describe('indeterminate with logs', () => {
  it('shows a count without a percentage, and a log with warnings', async () => {
    const { state } = await runPattern(indeterminate, { start: '/' });
    expect(state.progress).toEqual({ value: 4, message: '/gone' });
    expect(state.logs.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'info: / links to 2 pages',
      'info: /a links to 2 pages',
      'info: /b links to 0 pages',
      'warning: /gone is missing',
    ]);
    expect(state.settlement?.result).toEqual({ pages: 4, broken: 1 });
  });
});

describe('a batch', () => {
  it('of 1,000 items tells of each, survives those that fail, and sums up', async () => {
    const addresses = Array.from({ length: 1_000 }, (_, n) =>
      n % 100 === 7 ? `nobody-${n}` : `reader-${n}@example.com`,
    );
    const { state } = await runPattern<unknown, { address: string; error?: string }>(batch, {
      addresses,
    });
    expect(state.partials.map(({ address }) => address).sort()).toEqual([...addresses].sort());
    expect(state.partials.filter(({ error }) => error)).toHaveLength(10);
    expect(state.partials.find(({ address }) => address === 'nobody-7')?.error).toBe(
      'Error: nobody-7 is not an address.',
    );
    expect(taskPercent(state)).toBe(100);
    expect(state.logs.at(-1)).toMatchObject({ level: 'warning', message: '10 could not be sent.' });
    expect(state.settlement).toMatchObject({ status: 'completed', result: { sent: 990 } });
  });
});

describe('an image generation', () => {
  const draw = (doGenerate: MockImageModelV4['doGenerate']) => {
    const model: ImageModel = new MockImageModelV4({ maxImagesPerCall: 1, doGenerate });
    return runPattern(createImageRoute(model), { prompt: 'a lighthouse' });
  };

  it('gives the page the picture as a file part', async () => {
    const { chunks, state } = await draw(async () => ({
      images: [Buffer.from('\x89PNG\r\n\x1a\n', 'latin1').toString('base64')],
      warnings: [],
      response: { timestamp: new Date(0), modelId: 'painter', headers: undefined },
    }));
    expect(chunks).toContainEqual({
      type: 'file',
      mediaType: 'image/png',
      url: 'data:image/png;base64,iVBORw0KGgo=',
    });
    expect(state.settlement?.result).toEqual({ mediaType: 'image/png', bytes: 8 });
  });

  it('tells the page why a prompt was refused, and nothing else', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {});
    const failWith = (statusCode: number) => async () => {
      const details = { url: 'http://model', requestBodyValues: {}, isRetryable: false };
      throw new APICallError({ message: 'A secret of the provider.', statusCode, ...details });
    };
    const refused = await draw(failWith(400));
    expect(refused.state.settlement).toMatchObject({
      status: 'failed',
      error: {
        code: 'prompt-refused',
        message: 'The model does not draw this. Try other words.',
      },
    });
    const failed = await draw(failWith(401));
    expect(failed.state.settlement?.error).toEqual({
      code: 'internal',
      message: 'The task failed.',
      retryable: false,
    });
    expect(reported).toHaveBeenCalled();
  });
});

describe('nested tasks', () => {
  it('have outcomes of their own, and a failed one leaves the task around it alone', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const shops = ['harbour', 'corner-closed', 'sea'];
    const { state } = await runPattern(nested, { item: 'lamp', shops });
    const searches = Object.values(state.children);
    expect(searches.map(({ name, status }) => [name, status])).toEqual([
      ['harbour', 'completed'],
      ['corner-closed', 'failed'],
      ['sea', 'completed'],
    ]);
    expect(searches.map(({ parentTaskId }) => parentTaskId)).toEqual(shops.map(() => state.taskId));
    expect(searches[0]?.logs[0]?.message).toBe('Looking for lamp');
    expect(state.logs[0]?.message).toBe('2 of 3 shops have it.');
    expect(state.settlement?.result).toEqual({ lowest: 12 });
  });
});

describe('a deadline', () => {
  /** Runs the task by a clock of its own; gives what a page sees after so many milliseconds. */
  const search = async (attempts: number, afterMs: number) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const seen = see(await post(deadline, { attempts }));
    await vi.advanceTimersByTimeAsync(afterMs);
    return (await seen).state;
  };

  it('is warned of, fails the task when it comes, and keeps what was found', async () => {
    const state = await search(3, 60_000);
    expect(state.logs).toMatchObject([{ level: 'warning', message: '10 seconds are left.' }]);
    expect(state.partials).toEqual(['Attempt 1 found nothing.', 'Attempt 2 found nothing.']);
    expect(state.settlement).toMatchObject({ status: 'failed', error: { code: 'timeout' } });
  });

  it('is not spoken of when the work is done in time', async () => {
    const state = await search(1, 25_000);
    expect(state.logs).toEqual([]);
    expect(state.settlement?.result).toEqual({ attempts: 1 });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an upload', () => {
  const uploadUrl = 'http://localhost/api/sort';

  it('becomes a task, whose result leads to a file', async () => {
    const body = new FormData();
    body.set('file', new File(['pear\napple\nfig\n'], 'fruit.txt'));
    const response = await upload.POST(new Request(uploadUrl, { method: 'POST', body }));
    const { state } = await see<{ href: string; lines: number }, unknown>(response);
    expect(state.logs[0]?.message).toBe('fruit.txt has 3 lines.');
    const result = state.settlement?.result;
    expect(result?.lines).toBe(3);
    const file = await upload.GET(new Request(new URL(result?.href ?? '', uploadUrl)));
    expect(file.headers.get('content-disposition')).toContain('sorted.txt');
    expect(await file.text()).toBe('apple\nfig\npear\n');
    const replay = await upload.GET(new Request(`${uploadUrl}?taskId=${state.taskId}`));
    expect((await see(replay)).state.settlement?.result).toEqual(result);
  });

  it('without a file is refused', async () => {
    const body = new FormData();
    const response = await upload.POST(new Request(uploadUrl, { method: 'POST', body }));
    expect(response.status).toBe(400);
    const missing = await upload.GET(new Request(`${uploadUrl}?fileId=none`));
    expect(missing.status).toBe(404);
  });
});
