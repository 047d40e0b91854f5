import { defineTask } from 'ai-task-stream/server';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';

/** Type-checked with the tests; `typed-page.ts` imports nothing of it but its type. */
export const report = defineTask({
  name: 'report',
  input: z.object({ topic: z.string(), pages: z.coerce.number<string>().default(1) }),
  partial: z.object({ title: z.string(), writtenAt: z.date() }),
  dataPartSchemas: { source: z.object({ url: z.string() }) },
  steps: { outline: 10, write: 90 },
  execute: async ({ input, task, writer }) => {
    expectTypeOf(input).toEqualTypeOf<{ topic: string; pages: number }>();
    // @ts-expect-error the input has no such field
    input.subject;

    await task.step('outline', () => 1);
    // @ts-expect-error there is no such step
    await task.step('outlines', () => 1);

    task.partial({ title: 'Introduction', writtenAt: new Date() });
    // @ts-expect-error a partial result has other fields
    task.partial({ name: 'Introduction' });

    writer.write({ type: 'text-start', id: 't' });
    // @ts-expect-error there is no such chunk
    writer.write({ type: 'text-begin', id: 't' });
    writer.write({ type: 'data-source', data: { url: 'https://example.com' } });
    // @ts-expect-error there is no such data part
    writer.write({ type: 'data-sources', data: { url: 'https://example.com' } });
    // @ts-expect-error the part has other data
    writer.write({ type: 'data-source', data: { href: 'https://example.com' } });

    return { words: 12, finishedAt: new Date() };
  },
});

/** Its input may be left out. */
export const nightly = defineTask({
  name: 'nightly',
  input: z.object({ since: z.string() }).optional(),
  execute: ({ input }) => {
    expectTypeOf(input).toEqualTypeOf<{ since: string } | undefined>();
    return 1;
  },
});

/** Without the options that carry types, anything goes. */
export const untyped = defineTask({
  name: 'untyped',
  execute: async ({ input, task, writer }) => {
    expectTypeOf(input).toEqualTypeOf<unknown>();
    await task.step('any', () => 1);
    task.partial({ any: 'thing' });
    writer.write({ type: 'data-any', data: 1 });
    return 'text';
  },
});
