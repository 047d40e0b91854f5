import type { TaskStep, TaskUIMessage } from 'ai-task-stream';
import { useTaskStream } from 'ai-task-stream/react';
import { createTaskStream } from 'ai-task-stream/ui';
import { expectTypeOf } from 'vitest';
import type { nightly, report, untyped } from './typed-task';

interface Item {
  title: string;
  writtenAt: string;
}

interface Result {
  words: number;
  finishedAt: string;
}

const transformer = { stringify: String, parse: (text: string): unknown => text };

/** What a page sees of a task of which it imports the type alone. Type-checked; never called. */
export function TypedPage(message: TaskUIMessage): void {
  const task = useTaskStream<typeof report>({ api: '/api/report' });

  expectTypeOf(task.start).parameter(0).toEqualTypeOf<{
    topic: string;
    pages?: string | undefined;
  }>();
  task.start({ topic: 'tides' });
  // @ts-expect-error the task takes another input
  task.start({ subject: 'tides' });
  // @ts-expect-error the task takes an input
  task.start();

  expectTypeOf(task.result).toEqualTypeOf<Result | undefined>();
  // @ts-expect-error there is no result before the task has completed
  task.result.words;
  if (task.result) expectTypeOf(task.result.words).toEqualTypeOf<number>();

  expectTypeOf(task.partials).toEqualTypeOf<readonly Item[]>();
  expectTypeOf(task.steps).toEqualTypeOf<readonly TaskStep<'outline' | 'write'>[]>();
  task.steps.find(({ name }) => name === 'write');
  // @ts-expect-error there is no such step
  task.steps.find(({ name }) => name === 'writing');
  // @ts-expect-error a task has no such status
  task.status === 'done';

  message.parts.find(({ type }) => type === 'data-task-settle');
  // @ts-expect-error there is no such part
  message.parts.find(({ type }) => type === 'data-task-settled');

  const revived = useTaskStream<typeof report>({ api: '/api/report', transformer });
  expectTypeOf(revived.result).toEqualTypeOf<{ words: number; finishedAt: Date } | undefined>();
  expectTypeOf(revived.partials).toEqualTypeOf<readonly { title: string; writtenAt: Date }[]>();

  const inMessage = useTaskStream<typeof report>({ message });
  expectTypeOf(inMessage.result).toEqualTypeOf<Result | undefined>();
  expectTypeOf(inMessage.steps).toEqualTypeOf<readonly TaskStep<'outline' | 'write'>[]>();

  const store = createTaskStream<typeof report>({
    api: '/api/report',
    onPartial: (item) => expectTypeOf(item).toEqualTypeOf<Item>(),
    onSettle: ({ result }) => expectTypeOf(result).toEqualTypeOf<Result | undefined>(),
  });
  expectTypeOf(store.getState().steps).toEqualTypeOf<readonly TaskStep<'outline' | 'write'>[]>();
  // @ts-expect-error the task takes another input
  store.start({ topic: 7 });

  const any = useTaskStream<typeof untyped>({ api: '/api/untyped' });
  expectTypeOf(any.start).parameter(0).toEqualTypeOf<unknown>();
  expectTypeOf(any.result).toEqualTypeOf<string | undefined>();
  expectTypeOf(any.steps).toEqualTypeOf<readonly TaskStep[]>();

  any.start();
  any.start(undefined, { taskId: 'a'.repeat(16) });
  const night = useTaskStream<typeof nightly>({ api: '/api/nightly' });
  night.start();
  night.start({ since: '2026-01-01' });
  // @ts-expect-error the task takes another input
  night.start({ until: '2026-01-01' });
  createTaskStream<typeof nightly>({ api: '/api/nightly' }).start();
  // @ts-expect-error the task takes an input
  store.start();

  const onStop: (props: { stop: () => Promise<void> }) => void = () => {};
  const onClick: (props: { onClick: (event: MouseEvent) => void }) => void = () => {};
  for (const { cancel } of [task, inMessage, store]) {
    onStop({ stop: cancel });
    onClick({ onClick: cancel });
    expectTypeOf(cancel()).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(cancel('Too slow.')).toEqualTypeOf<Promise<boolean>>();
    // @ts-expect-error a reason is text
    cancel(7);
  }
}
