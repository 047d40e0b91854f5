import type { DueTask, DueTasksOptions } from '../../log/open-tasks';
import type { RedisLink } from '../client/redis-link';
import addScript from './add-open-task.lua';
import dueScript from './due-tasks.lua';
import lookAgainScript from './look-again.lua';
import { indexShards, type RedisKeys, shardOf } from './redis-keys';
import { wholeMs } from './whole-ms';

/*
 * The index of open tasks: sorted sets, one for each definition in each shard, in which the score of a
 * task is the time when somebody has to look at it. The sets of a shard share a slot in a cluster, so
 * that one call finds the tasks of all definitions. A task's own keys are in another slot: so the index
 * only ever knows that a task may be open, and is written before the task, and after its end.
 *
 * An entry is the time of the opening in milliseconds since 1970, a name of the log, and the taskId. So
 * whoever finds that its taskId is taken removes its own entry, and not that of the task.
 */

/** A task that is in the index, as those know it who write its log. */
export interface OpenTask extends Pick<DueTask, 'taskId' | 'definition' | 'createdAt'> {
  /** The token with which the log was opened. */
  readonly log: string;
}

/** How long an entry is kept that is due, in milliseconds: 30 days. */
const keptMs = 30 * 24 * 60 * 60 * 1000;

function entryOf({ createdAt, log, taskId }: OpenTask): string {
  return `${createdAt.toString(36)}.${shardOf(log, 2 ** 32).toString(36)}.${taskId}`;
}

function parseEntry(entry: string): Pick<DueTask, 'taskId' | 'createdAt'> {
  const [createdAt = '', log = ''] = entry.split('.', 2);
  const taskId = entry.slice(createdAt.length + log.length + 2);
  return { taskId, createdAt: Number.parseInt(createdAt, 36) };
}

/**
 * The index of open tasks in Redis. Each method but `due` makes one call.
 *
 * @throws TaskError `context-unavailable`, from each method.
 */
export interface StoredOpenTasks {
  /** Adds a task that is about to be opened, or begun anew. */
  add(task: OpenTask, inMs: number): Promise<void>;
  /** Whether an `add` reaches Redis before the calls that follow it, without being waited for. */
  isAddedFirst(): boolean;
  /** Removes a task that needs nothing more. Never rejects: whoever looks at the task removes it. */
  remove(task: OpenTask): Promise<void>;
  /** Makes a task due after a time. Never rejects: it is due after a while by itself. */
  makeDue(task: OpenTask, inMs: number): Promise<void>;
  /** Gives tasks that are due to the caller alone. Makes a call for each shard, at most. */
  due(options: DueTasksOptions): Promise<DueTask[]>;
  /** Says when a task that was given is due again. */
  lookAgain(task: DueTask, inMs: number | undefined): Promise<void>;
}

export function createStoredOpenTasks(link: RedisLink, keys: RedisKeys): StoredOpenTasks {
  // A script that Redis does not know yet would be sent once more, behind other calls.
  let isKnown = false;

  const keyOf = ({ taskId, definition }: Pick<DueTask, 'taskId' | 'definition'>) =>
    keys.openTasks(shardOf(taskId, indexShards), definition);

  const dueIn = async (
    shard: number,
    { definitions, limit, leaseMs }: DueTasksOptions,
  ): Promise<DueTask[]> => {
    const indexes = definitions.map((definition) => keys.openTasks(shard, definition));
    const reply = await link.run(dueScript, indexes, [limit, wholeMs(leaseMs)]);
    const [until, found] = reply as [number, string[][]];
    return found.flatMap((entries, index) =>
      entries.map((entry) => {
        const definition = definitions[index];
        return { ...parseEntry(entry), definition, entry, until };
      }),
    );
  };

  const move = async (
    key: string,
    ...[entry, until, inMs]: [string, number | '', number | '']
  ): Promise<void> => {
    await link.run(lookAgainScript, [key], [entry, until, inMs]);
  };

  return {
    async add(task, inMs) {
      await link.run(addScript, [keyOf(task)], [entryOf(task), wholeMs(inMs), keptMs]);
      isKnown = true;
    },

    isAddedFirst: () => isKnown && link.keepsOrder(),

    async remove(task) {
      const key = keyOf(task);
      await link.command(['ZREM', key, entryOf(task)], key).catch(leaveIt);
    },

    makeDue: (task, inMs) => move(keyOf(task), entryOf(task), '', wholeMs(inMs)).catch(leaveIt),

    async due({ definitions, limit, leaseMs }) {
      const found: DueTask[] = [];
      if (definitions.length === 0) return found;
      // No shard and no definition comes first each time.
      const wanted = turnedAround(definitions);
      for (const shard of turnedAround([...Array(indexShards).keys()])) {
        const left = limit - found.length;
        if (left <= 0) break;
        found.push(...(await dueIn(shard, { definitions: wanted, limit: left, leaseMs })));
      }
      return found;
    },

    lookAgain: (task, inMs) =>
      move(keyOf(task), task.entry, task.until, inMs === undefined ? '' : wholeMs(inMs)),
  };
}

/** The same items, in the same order, beginning with any of them. */
function turnedAround<Item>(items: readonly Item[]): Item[] {
  const first = Math.floor(Math.random() * items.length);
  return [...items.slice(first), ...items.slice(0, first)];
}

/** For what is a hint only: the storage is away, which the link has reported. */
function leaveIt(): void {}
