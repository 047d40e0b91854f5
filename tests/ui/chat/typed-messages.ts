import type { UIMessage } from 'ai';
import { resumeTask, streamTask } from 'ai-task-stream/server';

type Own = UIMessage<{ model?: string }, { source: { url: string } }>;

/** Type-checked with each major version of the AI SDK; never called. */
export function typedMessages(messages: Own[], save: (messages: Own[]) => void): unknown[] {
  const task = streamTask({
    originalMessages: messages,
    input: 7,
    steps: { write: 1 },
    execute: async ({ writer, task, input }) => {
      writer.write({ type: 'data-source', data: { url: 'https://example.com' } });
      // @ts-expect-error the part has other data
      writer.write({ type: 'data-source', data: { href: 'https://example.com' } });
      // @ts-expect-error there is no such data part
      writer.write({ type: 'data-sauce', data: { url: 'https://example.com' } });
      // @ts-expect-error the metadata are others
      writer.write({ type: 'message-metadata', messageMetadata: { modal: 'x' } });
      await task.step('write', () => input.toFixed());
      // @ts-expect-error there is no such step
      await task.step('wrote', () => 1);
      return 'done';
    },
    onSettle: ({ message, messages: all, result }) => {
      message?.metadata?.model?.trim();
      // @ts-expect-error there is no such field
      message?.metadata?.modal;
      result?.trim();
      if (all) save(all);
    },
  });
  const untyped = streamTask({
    execute: ({ writer }) => writer.write({ type: 'data-any', data: 1 }),
    onSettle: ({ message }) => void message?.parts,
  });
  const explicit = streamTask<string, number>({
    input: 1,
    execute: ({ input }) => input.toFixed(),
  });
  const resumed = resumeTask<Own>({
    chatId: 'chat',
    onSettle: ({ message }) => void message?.metadata?.model,
  });
  resumeTask({ chatId: 'chat', onSettle: ({ message }) => void message?.parts });
  return [task.result.then((text) => text.trim()), untyped, explicit, resumed];
}
