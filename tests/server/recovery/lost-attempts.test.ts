import type { UIMessageChunk } from 'ai';
import { defineTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { aiVersions, textParts } from '../../helpers/ai-versions';
import { createDeferred } from '../../helpers/async';
import { countFrames, type DefineWork, expectAsIfUndisturbed, type Saved } from './lost-runs';

/** A chat's task of three steps with a checkpoint behind each of the first two. */
const defineWork = (saved: Saved[], { checkpoints = true } = {}) =>
  defineTask({
    name: 'work',
    retry: { attempts: 10, maxTotal: 100 },
    progressIntervalMs: 600_000,
    steps: { read: 1, write: 2 },
    chat: () => ({ chatId: 'chat' }),
    onError: () => {},
    onSettle: ({ status, message, isRecovered }) => {
      saved.push({ status, message, isRecovered });
    },
    execute: async ({ task, writer }) => {
      const keep = async (step: number) => {
        if (checkpoints) await task.checkpoint(step);
      };
      const done = Number(task.lastCheckpoint ?? 0);
      const write = (...chunks: UIMessageChunk[]) => {
        for (const chunk of chunks) writer.write(chunk as never);
      };
      if (done < 1) {
        task.log('Reading');
        write(
          { type: 'start-step' },
          { type: 'reasoning-start', id: 'r' },
          { type: 'reasoning-delta', id: 'r', delta: 'Hm' },
          { type: 'reasoning-delta', id: 'r', delta: '.' },
          { type: 'reasoning-end', id: 'r' },
          { type: 'text-start', id: 't' },
          { type: 'text-delta', id: 't', delta: 'One ' },
          { type: 'text-delta', id: 't', delta: 'two' },
          { type: 'text-end', id: 't' },
        );
        await task.run({
          name: 'inner',
          key: 'inner',
          execute: ({ task: inner }) => {
            inner.log('within');
            inner.partial(1);
            return 'in';
          },
        });
        write({ type: 'finish-step' });
        task.partial('first');
        await keep(1);
      }
      if (done < 2) {
        await task.step('read', async ({ progress }) => {
          progress({ value: 1, total: 2 });
          write(
            { type: 'start-step' },
            { type: 'tool-input-start', toolCallId: 'call', toolName: 'draw' },
            { type: 'tool-input-delta', toolCallId: 'call', inputTextDelta: '{}' },
            { type: 'tool-input-available', toolCallId: 'call', toolName: 'draw', input: {} },
            { type: 'tool-output-available', toolCallId: 'call', output: 'ok' },
            { type: 'finish-step' },
          );
        });
        task.log('Half');
        task.partial('second');
        await keep(2);
      }
      write({ type: 'start-step' }, { type: 'text-start', id: 't' });
      await task.step('write', () => write({ type: 'text-delta', id: 't', delta: 'Three' }));
      write({ type: 'text-end', id: 't' }, { type: 'data-own', id: 'own', data: 1 } as never);
      write({ type: 'finish-step' });
      task.log('Done');
      return 'result';
    },
  });
/** A chat's task that merges a stream of a model for each of its steps, and continues a message. */
const mergeWork =
  ({ streamText }: (typeof aiVersions)[number]): DefineWork =>
  (saved) =>
    defineTask({
      name: 'merge',
      retry: { attempts: 10 },
      progressIntervalMs: 600_000,
      chat: () => ({
        chatId: 'chat',
        originalMessages: [
          { id: 'question', role: 'user', parts: [{ type: 'text', text: 'Go.' }] },
          { id: 'answer', role: 'assistant', parts: [{ type: 'text', text: 'Zero.' }] },
        ],
      }),
      onError: () => {},
      onSettle: ({ status, message, isRecovered }) => {
        saved.push({ status, message, isRecovered });
      },
      execute: async ({ task, writer }) => {
        const done = Number(task.lastCheckpoint ?? 0);
        const texts = task.messageSoFar?.parts.filter(({ type }) => type === 'text').length;
        expect(texts).toBe(done > 0 ? done + 1 : undefined);
        for (let step = done + 1; step <= 3; step++) {
          writer.merge(streamText({ parts: textParts(`${step} `, 'and ', 'more.') }));
          await task.checkpoint(step);
        }
      },
    });

/** A task within which another one runs while checkpoints are made. */
const defineNested: DefineWork = (saved) =>
  defineTask({
    name: 'nested',
    retry: { attempts: 10 },
    progressIntervalMs: 600_000,
    onError: () => {},
    onSettle: ({ status, isRecovered }) => {
      saved.push({ status, isRecovered });
    },
    execute: async ({ task }) => {
      const gate = createDeferred();
      const within = task.run({
        key: 'within',
        execute: async ({ task: inner }) => {
          inner.log('begun');
          inner.partial(1);
          await gate.promise;
          inner.log('done');
          return 'result';
        },
      });
      for (let step = Number(task.lastCheckpoint ?? 0) + 1; step <= 2; step++) {
        task.log(`step ${step}`);
        // An attempt that is lost stores none.
        await task.checkpoint(step);
      }
      gate.resolve();
      return within;
    },
  });

describe('a task whose process is lost', () => {
  it.each([[true], [false]])(
    'ends as if nothing had happened, wherever that was; checkpoints: %s (R-ATTEMPT-2, R-ATTEMPT-6)',
    async (checkpoints) => {
      const define: DefineWork = (saved) => defineWork(saved, { checkpoints });
      const count = await countFrames(define);
      for (let loss = 0; loss <= count; loss++) await expectAsIfUndisturbed(define, [loss]);
    },
  );

  it('ends so after two and three lost attempts, too (R-ATTEMPT-1, R-ATTEMPT-6)', async () => {
    const count = await countFrames(defineWork);
    for (let first = 0; first < count - 12; first += 3) {
      for (let second = 0; second < 11; second += 2) {
        await expectAsIfUndisturbed(defineWork, [first, second]);
        await expectAsIfUndisturbed(defineWork, [first, second, 11 - second]);
      }
    }
  });

  it.each(aiVersions)(
    'ends so when it merges streams of AI SDK $version, and continues a message (R-ATTEMPT-6)',
    async (version) => {
      const define = mergeWork(version);
      const count = await countFrames(define);
      for (let loss = 0; loss <= count; loss++) await expectAsIfUndisturbed(define, [loss]);
      for (let loss = 0; loss <= count; loss += 4) await expectAsIfUndisturbed(define, [loss, 0]);
    },
  );

  it('ends so when a task with a key runs within it (R-ATTEMPT-1, R-NEST-3)', async () => {
    const count = await countFrames(defineNested);
    for (let loss = 0; loss <= count; loss++) {
      await expectAsIfUndisturbed(defineNested, [loss], { keepsEndsWithin: true });
    }
  });
});
