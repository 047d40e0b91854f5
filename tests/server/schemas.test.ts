import type { StandardSchemaV1 } from '@standard-schema/spec';
import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { z } from 'zod';
import { storedChunksIn } from '../helpers/sse';
import { createOwnContext } from '../helpers/tasks';

interface Input {
  prompt: string;
  size: { width: number };
  /** Text in the request, a number for the work. */
  seed: number;
}

const zod = z.object({
  prompt: z.string().min(1),
  size: z.object({ width: z.number() }),
  seed: z.string().transform(Number),
});

const valibot = v.object({
  prompt: v.pipe(v.string(), v.minLength(1)),
  size: v.object({ width: v.number() }),
  seed: v.pipe(v.string(), v.transform(Number)),
});

const arktype = type({
  prompt: 'string >= 1',
  size: { width: 'number' },
  seed: type('string').pipe(Number),
});

const asynchronous = z.object({
  prompt: z.string().refine(async (prompt) => prompt.length > 0),
  size: z.object({ width: z.number() }),
  seed: z.string().transform(async (seed) => Number(seed)),
});

const schemas: Record<string, StandardSchemaV1<unknown, Input>> = {
  zod,
  valibot,
  arktype,
  'zod, asynchronous': asynchronous,
};

function post(input: unknown): Request {
  return new Request('http://localhost/task', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input }),
  });
}

const fits = { prompt: 'A cat', size: { width: 64 }, seed: '7' };

describe.each(Object.entries(schemas))('an input by a schema of %s', (_name, input) => {
  const execute = vi.fn((given: Input) => given);
  const task = defineTask({ name: 'draw', input, execute: (given) => execute(given.input) });
  const { POST } = createTaskRoute(task, { streamContext: createOwnContext() });

  it('reaches the work as the schema gives it', async () => {
    const response = await POST(post(fits));
    expect(response.status).toBe(200);
    expect(storedChunksIn(await response.text()).at(-2)).toMatchObject({
      data: { status: 'completed', result: { ...fits, seed: 7 } },
    });
  });

  it.each([
    ['a field of another type', { ...fits, size: { width: '64' } }, ['size', 'width']],
    ['a field that is missing', { prompt: 'A cat', size: { width: 64 } }, ['seed']],
    ['a field out of bounds', { ...fits, prompt: '' }, ['prompt']],
  ])('is refused with the path to %s', async (_what, given, path) => {
    execute.mockClear();
    const response = await POST(post(given));
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 400,
      body: {
        error: {
          code: 'invalid-input',
          message: 'The input does not fit. See the issues in `details`.',
          details: { issues: [{ message: expect.stringMatching(/./), path }] },
        },
      },
    });
    expect(execute).not.toHaveBeenCalled();
  });
});

describe('the types of an input', () => {
  it('are those of the schema, before and after it, of each library', () => {
    interface Given {
      prompt: string;
      size: { width: number };
      seed: string;
    }
    const tasks = [
      defineTask({
        name: 'zod',
        input: zod,
        execute: ({ input }) => expectTypeOf(input).toEqualTypeOf<Input>(),
      }),
      defineTask({
        name: 'valibot',
        input: valibot,
        execute: ({ input }) => expectTypeOf(input).toEqualTypeOf<Input>(),
      }),
      defineTask({
        name: 'arktype',
        input: arktype,
        execute: ({ input }) => expectTypeOf(input).toEqualTypeOf<Input>(),
      }),
    ] as const;
    type Taken<Task> =
      NonNullable<Task[keyof Task & '~task']> extends { input: infer Input } ? Input : never;
    expectTypeOf<Taken<(typeof tasks)[0]>>().toEqualTypeOf<Given>();
    expectTypeOf<Taken<(typeof tasks)[1]>>().toEqualTypeOf<Given>();
    expectTypeOf<Taken<(typeof tasks)[2]>>().toEqualTypeOf<Given>();
  });
});
