// A task that keeps its worker until it is told to end, for processes that are killed under it.
import { defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

/** What `execute` is connected to: the process that runs it, and the test. */
export interface KeeperWorld {
  /** Called when an attempt begins. */
  onBegin(attempt: KeptAttempt): void;
  /** Called when the signal of an attempt aborts. */
  onAbort(attempt: KeptAttempt): void;
  /** Resolves once the test lets the task end. */
  mayEnd(taskId: string): Promise<void>;
}

export interface KeptAttempt {
  readonly taskId: string;
  readonly attempt: number;
  readonly pid: number;
}

/** Short, so that a lost worker is found soon. */
export const keptHeartbeatMs = 200;

/** The definition: a partial result and a checkpoint for each attempt, and one at the end. */
export function defineKept({ onBegin, onAbort, mayEnd }: KeeperWorld) {
  return defineTask({
    name: 'kept',
    input: z.object({ word: z.string() }),
    partial: z.string(),
    checkpoint: z.number(),
    heartbeatMs: keptHeartbeatMs,
    graceMs: 100,
    retry: { attempts: 100 },
    onError: () => {},
    async execute({ input: { word }, task, signal }) {
      const { taskId, attempt } = task;
      const here = { taskId, attempt, pid: process.pid };
      task.partial(`${word} ${attempt}`);
      await task.checkpoint(attempt);
      // Void if the worker is lost, because no checkpoint follows.
      task.partial(`half of ${attempt}`);
      onBegin(here);
      const left = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          onAbort(here);
          reject(signal.reason);
        });
      });
      await Promise.race([mayEnd(taskId), left]);
      task.partial('the end');
      return { attempt };
    },
  });
}
