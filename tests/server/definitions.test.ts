import {
  cancelTask,
  createTaskRoute,
  type DefineTaskOptions,
  defineTask,
  resumeTask,
  streamTask,
  type TaskDefinition,
  toNodeHandler,
} from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { createId, createOwnContext } from '../helpers/tasks';

// As JavaScript, or types that were cast away, let them pass.
const define = (options: unknown) => defineTask(options as AnyOptions);
const serve = (task: unknown) => createTaskRoute(task as AnyDefinition);
type Steps = Record<string, number>;
type AnyOptions = DefineTaskOptions<undefined, unknown, Steps, unknown>;
type AnyDefinition = TaskDefinition<undefined, unknown, Steps, unknown>;

function invalid(message: string) {
  return expect.objectContaining({
    name: 'TaskError',
    code: 'invalid-options',
    message: expect.stringContaining(message),
  });
}

const name = 'report';
const execute = () => 1;

describe('defineTask', () => {
  it.each([[undefined], [null], ['report'], [{ execute }], [{ name: '', execute }], [{ name: 7 }]])(
    'asks for the name that %j lacks',
    (options) => expect(() => define(options)).toThrow(invalid('needs a `name`')),
  );

  it.each([[{ name }], [{ name, execute: 'work' }], [{ name, run: execute }]])(
    'asks for the work that %j lacks',
    (options) => expect(() => define(options)).toThrow(invalid('needs `execute`')),
  );

  it.each([
    { input: { topic: 'string' } },
    { input: null },
    { input: { parse: (value: unknown) => value } },
    { partial: String },
    { dataPartSchemas: { source: { url: 'string' } } },
  ])('says what a schema is: %j', (schemas) => {
    const [[option, value] = ['']] = Object.entries(schemas);
    const path = option === 'dataPartSchemas' ? `${option}.${Object.keys(value)}` : option;
    expect(() => define({ name, execute, ...schemas })).toThrow(
      invalid(`\`${path}\` is no Standard Schema`),
    );
  });
});

describe('what is given in place of something else', () => {
  it.each([
    undefined,
    null,
    execute,
    {},
    { execute },
    { name, execute },
    { options: { name } },
    { report: define({ name, execute }) },
    Promise.resolve(define({ name, execute })),
  ])('createTaskRoute says what it takes: %o', (task) => {
    expect(() => serve(task)).toThrow(
      invalid('Pass what `defineTask({ name, execute })` gave you'),
    );
  });

  it('is a definition of another copy of the package all the same', () => {
    expect(serve({ options: { name, execute } }).POST).toBeTypeOf('function');
  });

  it.each([null, 'redis://localhost', {}, { client: {} }, Promise.resolve(createOwnContext())])(
    'is told where a stream context belongs: %o',
    async (given) => {
      const streamContext = given as unknown as ReturnType<typeof createOwnContext>;
      const refused = invalid('`streamContext` is none.');
      expect(() => streamTask({ streamContext, execute })).toThrow(refused);
      const task = defineTask({ name, execute });
      expect(() => createTaskRoute(task, { streamContext })).toThrow(refused);
      expect(() => resumeTask({ streamContext, taskId: createId() })).toThrow(refused);
      await expect(cancelTask({ streamContext, taskId: createId() })).rejects.toEqual(refused);
    },
  );

  it.each([undefined, {}, define({ name, execute })])(
    'toNodeHandler says what it takes: %o',
    (route) => {
      expect(() => toNodeHandler(route as ReturnType<typeof serve>)).toThrow(
        invalid('Pass what `createTaskRoute(task)` gave you'),
      );
    },
  );
});
