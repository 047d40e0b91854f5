import { runInNewContext } from 'node:vm';
import {
  TaskError,
  type TaskErrorPartData,
  type TaskPartialData,
  type TaskSettlement,
} from 'ai-task-stream';
import superjson from 'superjson';
import { describe, expect, it } from 'vitest';
import { storedChunksIn } from '../../helpers/sse';
import { runToText } from '../../helpers/tasks';

function dataOf<Data>(text: string, type: string): Data[] {
  return storedChunksIn(text).flatMap((chunk) =>
    chunk.type === type ? (chunk as { data: Data }).data : [],
  );
}

describe('values that JSON would change without a word', () => {
  class Private {
    #secret = 1;
    get secret() {
      return this.#secret;
    }
  }
  class Table extends Map {
    name = 'table';
  }

  const changed: [what: string, value: object][] = [
    ['Map', new Map([['a', 1]])],
    ['Set', new Set([1])],
    ['Table', new Table()],
    ['WeakMap', new WeakMap()],
    ['Promise', Promise.resolve(1)],
    ['RegExp', /x/],
    ['Error', new Error('secret')],
    ['TypeError', Object.assign(new TypeError('secret'), { status: 1 })],
    ['Uint8Array', new Uint8Array([1, 2])],
    ['ArrayBuffer', new ArrayBuffer(2)],
    ['Headers', new Headers({ a: '1' })],
    ['URLSearchParams', new URLSearchParams('a=1')],
    ['Blob', new Blob(['x'])],
    ['Symbol', Object(Symbol('s'))],
    ['Private', new Private()],
    ['Map', runInNewContext('new Map([[1, 2]])')],
  ];

  it.each(changed)('are refused: %s', async (what, value) => {
    const error = {
      code: 'unserializable',
      message: `\`result.rows[1].value\` is an instance of ${what}, which JSON cannot carry. Convert it before it is sent.`,
      details: { path: 'result.rows[1].value' },
    };
    const held = { rows: [{}, { value }] };
    const { task } = await runToText({ execute: () => held });
    expect(await task.consume()).toMatchObject({ status: 'failed', error });

    const thrown: unknown[] = [];
    const attempt = (call: () => void) => {
      try {
        call();
      } catch (error) {
        thrown.push(TaskError.isInstance(error) && error.details);
      }
    };
    const { text, reported } = await runToText({
      execute: async ({ task, writer }) => {
        attempt(() => task.partial(held));
        attempt(() => writer.write({ type: 'data-own', data: held }));
        attempt(() => writer.write({ type: 'start', messageMetadata: held }));
        attempt(() => writer.write({ type: 'finish', messageMetadata: held }));
        await task.run({ execute: () => held }).catch((error) => thrown.push(error.details));
        throw new TaskError({ code: 'own', message: 'Ours.', details: held });
      },
    });
    expect(thrown).toEqual([
      { path: 'partials[0].rows[1].value' },
      { path: 'chunk.data.rows[1].value' },
      { path: 'messageMetadata.rows[1].value' },
      { path: 'messageMetadata.rows[1].value' },
      { path: 'result.rows[1].value' },
    ]);
    expect(dataOf<TaskErrorPartData>(text, 'data-task-error').at(-1)).toEqual({
      taskId: expect.any(String),
      code: 'own',
      message: 'Ours.',
      retryable: false,
    });
    expect(reported).toContainEqual(
      expect.objectContaining({ details: { path: 'details.rows[1].value' } }),
    );
  });

  it('are none of those of which everybody knows what JSON makes', async () => {
    class Point {
      x = 1;
      y = Number.NaN;
    }
    const result = {
      at: new Date(0),
      url: new URL('https://example.com/'),
      bytes: Buffer.from('x'),
      point: new Point(),
      bare: Object.assign(Object.create(null), { a: 1 }),
      foreign: runInNewContext('({ a: [{}] })'),
      boxed: [Object(1), Object('x'), Object(false)],
      left: undefined,
      call() {},
      list: [undefined, {}, []],
    };
    const { task, text } = await runToText({
      execute: ({ task }) => {
        task.partial(result);
        return result;
      },
    });
    const json: unknown = JSON.parse(JSON.stringify(result));
    expect((await task.consume()).status).toBe('completed');
    expect(dataOf<TaskSettlement>(text, 'data-task-settle')[0]?.result).toEqual(json);
    expect(dataOf<TaskPartialData>(text, 'data-task-partial')[0]?.value).toEqual(json);
  });

  it('pass with a transformer that can, and in a chat, where no result is sent', async () => {
    const value = { byName: new Map([['a', 1n]]), at: new Date(0) };
    const { task, text } = await runToText({
      transformer: superjson,
      execute: async ({ task }) => {
        task.partial(value);
        await task.run({ execute: () => value });
        return value;
      },
    });
    expect((await task.consume()).result).toEqual(value);
    const sent = [
      ...dataOf<TaskSettlement>(text, 'data-task-settle').map(({ result }) => result),
      ...dataOf<TaskPartialData>(text, 'data-task-partial').map(({ value }) => value),
    ];
    expect(sent.map((text) => superjson.parse(String(text)))).toEqual([value, value, value]);

    const inChat = await runToText({ chatId: 'chat', execute: () => value });
    expect(await inChat.task.consume()).toMatchObject({ status: 'completed', result: value });
  });
});
