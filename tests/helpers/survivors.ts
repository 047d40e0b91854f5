// Tasks of several kinds that go on from their checkpoints, for processes that are killed under them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { UIMessageStreamWriter } from 'ai';
import { defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

export const survivorKinds = ['text', 'batch', 'agent', 'chat'] as const;

export type SurvivorKind = (typeof survivorKinds)[number];

export interface SurvivorInput {
  /** How many pages, items or tool calls there are, with a checkpoint after each. */
  steps: number;
  /** How long each takes, in milliseconds. */
  stepMs: number;
}

/** What the work does outside of its task. */
export interface SurvivorWorld {
  /** Runs a tool. Must do so once only, however often it is asked with the same key. */
  callTool(key: string): Promise<string>;
  /** Keeps an answer of a chat. */
  save(saved: {
    taskId: string;
    status: string;
    isRecovered: boolean;
    text: string;
  }): Promise<void>;
}

const words = ['one', 'two', 'three', 'four', 'five', 'six'];

/** The definitions, by their kinds. */
export function defineSurvivors(world: SurvivorWorld, { heartbeatMs }: { heartbeatMs: number }) {
  const input = z.object({ steps: z.number(), stepMs: z.number() });
  const shared = {
    ...{ input, checkpoint: z.number(), heartbeatMs, graceMs: 1_000 },
    // Whoever kills a process every second uses up more than a few.
    retry: { attempts: 100, maxTotal: 1_000 },
    onError: () => {},
  };

  /** A page of text, in pieces, in a part of its own. */
  const writePage = async (
    { write }: Pick<UIMessageStreamWriter, 'write'>,
    { page, stepMs, signal }: { page: number; stepMs: number; signal: AbortSignal },
  ) => {
    const id = `page-${page}`;
    write({ type: 'text-start', id });
    for (const word of words) {
      write({ type: 'text-delta', id, delta: `${page} ${word}. ` });
      await sleep(stepMs / words.length, undefined, { signal });
    }
    write({ type: 'text-end', id });
  };

  const text = defineTask({
    ...shared,
    name: 'text',
    async execute({ input: { steps, stepMs }, task, writer, signal }) {
      for (let page = task.lastCheckpoint ?? 0; page < steps; page++) {
        await writePage(writer, { page, stepMs, signal });
        task.progress({ value: page + 1, total: steps });
        await task.checkpoint(page + 1);
      }
      return { pages: steps };
    },
  });

  const batch = defineTask({
    ...shared,
    name: 'batch',
    partial: z.object({ item: z.number() }),
    steps: { work: 9, report: 1 },
    async execute({ input: { steps, stepMs }, task, signal }) {
      await task.step('work', async (step) => {
        for (let item = task.lastCheckpoint ?? 0; item < steps; item++) {
          await sleep(stepMs, undefined, { signal });
          task.partial({ item });
          task.log(`Item ${item} is done.`);
          step.progress({ value: item + 1, total: steps });
          await task.checkpoint(item + 1);
        }
      });
      return task.step('report', () => ({ items: steps }));
    },
  });

  const agent = defineTask({
    ...shared,
    name: 'agent',
    async execute({ input: { steps, stepMs }, task, writer, signal }) {
      for (let step = task.lastCheckpoint ?? 0; step < steps; step++) {
        const toolCallId = `call-${step}`;
        writer.write({ type: 'start-step' });
        writer.write({
          ...{ type: 'tool-input-available', toolCallId, toolName: 'search' },
          input: { step },
        });
        const output = await world.callTool(`${task.taskId}:${step}`);
        await sleep(stepMs, undefined, { signal });
        writer.write({ type: 'tool-output-available', toolCallId, output });
        writer.write({ type: 'finish-step' });
        await task.checkpoint(step + 1);
      }
      return { calls: steps };
    },
  });

  const chat = defineTask({
    ...shared,
    name: 'chat',
    chat: () => ({ chatId: crypto.randomUUID() }),
    async onSettle({ taskId, status, isRecovered, message }) {
      const parts = message?.parts ?? [];
      const saved = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
      await world.save({ taskId, status, isRecovered, text: saved });
    },
    async execute({ input: { steps, stepMs }, task, writer, signal }) {
      for (let page = task.lastCheckpoint ?? 0; page < steps; page++) {
        writer.write({ type: 'start-step' });
        await writePage(writer, { page, stepMs, signal });
        writer.write({ type: 'finish-step' });
        await task.checkpoint(page + 1);
      }
      return { pages: steps };
    },
  });

  return { text, batch, agent, chat };
}
