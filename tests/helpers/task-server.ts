import type { UIMessage } from 'ai';
import type { TaskSettleEvent } from 'ai-task-stream/server';
import { createDeferred, type Deferred } from './async';
import { spawnTaskProcess, type TaskProcess } from './spawn-task-process';

/** A task that a server runs. Its first response is read in the same process. */
export interface StartedTask {
  taskId: string;
  chatId?: string;
  heartbeatMs: number;
  graceMs?: number;
  /**
   * `keep-open` opens parts of all kinds and closes none, `cycle` opens and closes one after the
   * other; both wait to be told to go, and never end. `obey` does what it is told.
   */
  work: 'keep-open' | 'cycle' | 'obey';
  /** The pause between two writes, in milliseconds. Default 10. */
  paceMs?: number;
  saving?: Saving;
  /** The message that the task continues. */
  continued?: UIMessage;
}

/**
 * Whether `onSettle`, which reports `saving` with its event, returns at once, or waits to be told
 * that it has `saved` or that it shall `fail`. Default `at-once`.
 */
type Saving = 'at-once' | 'obey';

/** What a server tells of a call of `onSettle`. */
export type Saved = Pick<
  TaskSettleEvent<unknown>,
  'status' | 'error' | 'isStored' | 'isRecovered' | 'message' | 'chatId' | 'name'
>;

/** A task that a server follows, as its route would. */
export interface FollowedTask {
  taskId?: string;
  chatId?: string;
  cursor?: string;
  heartbeatMs: number;
  /** Set when following has an `onSettle`; `delivered` is reported once nothing is left to save. */
  saving?: Saving;
}

/** Tasks that a server tries to start, each at its moment. */
export interface Race {
  taskIds: readonly string[];
  /** When the first task is started, in epoch milliseconds. */
  startAt: number;
  spacingMs: number;
}

/** What a task is told by the test. */
export type Word = 'go' | 'finish' | 'saved' | 'fail' | { lines: number } | { text: string };

export type ServerCommand = { id: number } & (
  | { do: 'start'; task: StartedTask }
  | { do: 'follow'; task: FollowedTask }
  | { do: 'race'; race: Race }
  | { do: 'tell'; to: number; word: Word }
  | { do: 'text'; of: number }
  | { do: 'block'; ms: number }
);

export interface ServerReport {
  id: number;
  event: string;
  value: unknown;
}

/** A response that was read to its end. */
export interface Ended {
  status: number;
  text: string;
  /** Epoch milliseconds at which the settle part came. */
  settledAt?: number;
  /** For how long the server's process had not got its turn until then, in milliseconds. */
  stalledMs?: number;
}

/** What a server tells of one thing that it was asked to do. */
interface Asked {
  /** Resolves with what the server said of an event once it happens; rejects when it never will. */
  when<Value>(event: string): Promise<Value>;
  /** Whether an event has happened so far. */
  has(event: string): boolean;
  /** Tells the task something. */
  tell(word: Word): void;
  /** What the response has brought so far. */
  text(): Promise<string>;
}

/** A process that runs and follows tasks, as one of several servers does. */
export interface TaskServer
  extends Pick<TaskProcess, 'pid' | 'pause' | 'resume' | 'kill' | 'errorOutput'> {
  start(task: StartedTask): Asked;
  follow(task: FollowedTask): Asked;
  race(race: Race): Asked;
  /** Keeps the server's event loop busy; resolves when that is over. */
  block(ms: number): Promise<void>;
}

type Command = ServerCommand extends infer Each
  ? Each extends { id: number }
    ? Omit<Each, 'id'>
    : never
  : never;

/** Starts a server whose tasks are kept in the Redis at `url`. */
export async function spawnTaskServer({
  url,
  keyPrefix,
}: {
  url: string;
  keyPrefix: string;
}): Promise<TaskServer> {
  const child = await spawnTaskProcess('task-server', {
    env: { TASK_SERVER_REDIS_URL: url, TASK_SERVER_KEY_PREFIX: keyPrefix },
  });
  const events = new Map<string, Deferred<unknown>>();
  const happened = new Set<string>();
  let end: Error | undefined;
  let commandCount = 0;

  const eventOf = (id: number, event: string) => {
    const name = `${id} ${event}`;
    const known = events.get(name);
    if (known) return known;
    const deferred = createDeferred<unknown>();
    // Tests do not wait for every event, and a rejection that nobody handles would fail them.
    deferred.promise.catch(() => {});
    events.set(name, deferred);
    if (end) deferred.reject(end);
    return deferred;
  };

  const fail = (error: Error) => {
    end ??= error;
    for (const event of events.values()) event.reject(end);
  };

  const listen = async () => {
    for (;;) {
      const { id, event, value } = await child.next<ServerReport>();
      if (event === 'failed') fail(new Error(`A task server: ${value}`));
      happened.add(`${id} ${event}`);
      eventOf(id, event).resolve(value);
    }
  };
  listen().catch(fail);

  const ask = (command: Command): Asked => {
    const id = ++commandCount;
    child.send({ ...command, id });
    return {
      when: <Value>(event: string) => eventOf(id, event).promise as Promise<Value>,
      has: (event) => happened.has(`${id} ${event}`),
      tell: (word) => void ask({ do: 'tell', to: id, word }),
      text: () => ask({ do: 'text', of: id }).when('text'),
    };
  };

  await eventOf(0, 'up').promise;
  return {
    pid: child.pid,
    pause: child.pause,
    resume: child.resume,
    kill: child.kill,
    errorOutput: child.errorOutput,
    start: (task) => ask({ do: 'start', task }),
    follow: (task) => ask({ do: 'follow', task }),
    race: (race) => ask({ do: 'race', race }),
    async block(ms) {
      await ask({ do: 'block', ms }).when('unblocked');
    },
  };
}
