import type { TaskStreamContext } from '../../log/task-stream-context';
import type { TurnInput } from './plain-chat';

/** What this process knows of the turns that it runs. */
export interface TurnNotes {
  /** The number of a turn that begins, after those of the tasks before it. */
  beginRevision(input: TurnInput, taskId: string, before: readonly string[]): Promise<number>;
  /** The number of its end. */
  endRevision(input: TurnInput, taskId: string): Promise<number>;
  /** To be called when what a turn changes before its answer is saved, or could not be. */
  noteStart(input: TurnInput, isSaved: boolean): void;
  /** Whether it is saved; `undefined` where that is not known. */
  isStarted(input: TurnInput): boolean | undefined;
}

/**
 * The numbers of turns are twice the times at which their tasks were opened, by the storage's clock,
 * and one more at their end. Of two tasks that were opened at the same time, the one that comes after
 * the other in the chat gets the higher number.
 */
export function createTurnNotes(context: TaskStreamContext): TurnNotes {
  const times = new WeakMap<TurnInput, number>();
  const starts = new WeakMap<TurnInput, boolean>();

  const timeOf = async (taskId: string): Promise<number | undefined> => {
    const record = await context.inspect(taskId).catch(() => undefined);
    return record && (record.openedAt ?? record.createdAt);
  };

  return {
    async beginRevision(input, taskId, before) {
      const [own = Date.now(), ...others] = await Promise.all([taskId, ...before].map(timeOf));
      const time = Math.max(own, ...others.map((other = 0) => other + 1));
      times.set(input, time);
      return 2 * time;
    },
    async endRevision(input, taskId) {
      const time = times.get(input) ?? (await timeOf(taskId)) ?? Date.now();
      return 2 * time + 1;
    },
    noteStart(input, isSaved) {
      starts.set(input, isSaved);
    },
    isStarted: (input) => starts.get(input),
  };
}
