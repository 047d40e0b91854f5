import type { DueTask } from '../log/open-tasks';
import type { TaskRecord } from '../log/task-record';
import { deliverOutcome } from '../task/deliver-outcome';
import type { TaskEnd } from '../task/run-attempts';
import type { RunTimeOptions } from '../task/run-time';
import { runningTasks } from '../task/running-tasks';
import { isAttemptedHere } from '../task/take-again';
import type { TaskSettleEvent } from '../task/task-options';
import { careFor } from './care-for';
import { beginInvocation, type Invocation } from './invocation';
import type { Taker } from './who-takes';
import type { IndexedContext } from './with-index';

/** A definition as a supervisor knows it. */
export interface CaredDefinition {
  readonly version: number;
  /** How long the host lets an invocation run a task, in milliseconds. Default: as long as it takes. */
  readonly maxRunMs?: number | undefined;
  /**
   * Takes a task that waits, and runs it, or has a worker of its queue run it (`passed`). `undefined`:
   * others have it.
   */
  take(
    taskId: string,
    time: RunTimeOptions,
    record: TaskRecord,
  ): Promise<TaskEnd | 'passed' | undefined>;
  /** Told of an outcome that nobody could be told of. Default: nobody is. */
  readonly onSettle: ((event: TaskSettleEvent<unknown>) => Promise<void> | void) | undefined;
}

export interface SupervisionOptions {
  context: IndexedContext;
  /** By their names; `undefined` for tasks that are of none. */
  definitions: ReadonlyMap<string | undefined, CaredDefinition>;
  /** The kind of runner whose tasks it takes: `any`, or `queue:` and a name. */
  runner: string;
  maxRunning: number;
  /** How many outcomes it delivers at a time. */
  maxDelivering: number;
  heartbeatMs: number;
  /** Set where the host ends the process' invocation: when that began, by `performance.now()`. */
  invokedAt: number | undefined;
  report: (error: unknown, taskId: string) => void;
}

/** What a supervisor has done. */
export interface SuperviseCounts {
  /** How many times it has looked at a task. */
  readonly looked: number;
  /** How many tasks it has taken up. */
  readonly taken: number;
  /** How many outcomes it has delivered. */
  readonly delivered: number;
}

/** What came of a round. */
interface RoundEnd {
  /** Whether there are more tasks that were due. */
  readonly hasMore: boolean;
  /** Whether a task waits that was not taken because as many run here as may. */
  readonly isFull: boolean;
  /** Whether a task was found whose process is lost, which somebody may take soon. */
  readonly hasLost: boolean;
}

export interface Supervision {
  readonly counts: SuperviseCounts;
  /**
   * Looks once at tasks that are due, at `limit` of them at most.
   *
   * @throws TaskError `context-unavailable`.
   */
  round(limit: number): Promise<RoundEnd>;
  /** Resolves once all is over that was taken, and all is delivered that was to be. */
  over(): Promise<void>;
  /** Calls a function whenever a task that was taken is over. */
  whenOver(listener: () => void): void;
}

/** How many tasks are looked at at the same time. */
const looksAtOnce = 16;

/** After so many looks in a row that fail the storage counts as away. */
const maxFailures = 3;

/**
 * After about how long somebody looks again whether the queue still has what it was asked for, in
 * milliseconds. A worker that takes the task makes that sooner.
 */
const passedMs = 20_000;

/** After how long a host that has failed to save an outcome is told again, in milliseconds. */
const failedDeliveryMs = 60_000;

export function createSupervision({
  context,
  definitions,
  runner,
  maxRunning,
  maxDelivering,
  heartbeatMs,
  invokedAt,
  report,
}: SupervisionOptions): Supervision {
  const counts = { looked: 0, taken: 0, delivered: 0 };
  const versions = new Map<string, number>();
  for (const [name, { version }] of definitions) {
    if (name !== undefined) versions.set(name, version);
  }
  const names = [...definitions.keys()];
  const underWay = new Set<Promise<unknown>>();
  const listeners: (() => void)[] = [];
  let delivering = 0;

  const track = (work: Promise<unknown>) => {
    underWay.add(work);
    const end = () => {
      underWay.delete(work);
      for (const listener of listeners) listener();
    };
    work.then(end, end);
  };

  /** The time for tasks of a definition, where the host ends each invocation after a time. */
  const invocationOf = (definition: CaredDefinition | undefined): Invocation | undefined =>
    invokedAt === undefined ? undefined : beginInvocation(definition?.maxRunMs, invokedAt);

  const takerOf = (definition: CaredDefinition | undefined): Omit<Taker, 'request'> => {
    return {
      ...{ runner, versions, maxRunning, running: runningTasks(context).size },
      isDraining: context.draining?.begun.aborted === true,
      invocation: invocationOf(definition)?.spent(),
    };
  };

  const deliver = async (task: DueTask, { owner }: TaskRecord): Promise<void> => {
    const { taskId, definition } = task;
    const onSettle = definitions.get(definition)?.onSettle;
    if (!onSettle) return;
    const onError = (error: unknown) => report(error, taskId);
    const how = { context, taskId, owner, onSettle, onError, isPatient: false };
    const isSaved = await deliverOutcome(how);
    if (isSaved) counts.delivered++;
    if (isSaved !== undefined)
      await context.lookAgain(task, isSaved ? undefined : failedDeliveryMs);
  };

  /** Begins to deliver an outcome, which may take the host long. */
  const startDelivering = async (task: DueTask, record: TaskRecord): Promise<void> => {
    // Not all at once, where the host has saved nothing for a while.
    if (delivering >= maxDelivering) return context.lookAgain(task, heartbeatMs);
    delivering++;
    const work = deliver(task, record)
      .catch((error: unknown) => report(error, task.taskId))
      .finally(() => {
        delivering--;
      });
    context.draining?.track(work);
    track(work);
  };

  const take = async (
    task: DueTask,
    definition: CaredDefinition,
    record: TaskRecord,
  ): Promise<void> => {
    // Counts as running from this call on.
    const time = invocationOf(definition)?.runTime() ?? {};
    const end = await definition.take(task.taskId, time, record);
    // Supervisors that have found many tasks together do not find them together again.
    if (end === 'passed') return context.lookAgain(task, passedMs * (0.75 + Math.random() / 2));
    if (!end) return;
    counts.taken++;
    track(end.released);
  };

  const look = async (task: DueTask): Promise<'full' | 'lost' | undefined> => {
    const { taskId } = task;
    // What this process runs, or goes on with by itself, needs nobody else.
    if (runningTasks(context).has(taskId) || isAttemptedHere(context, taskId)) return undefined;
    counts.looked++;
    const record = await context.inspect(taskId);
    const definition = definitions.get(task.definition);
    const care = careFor(task, record, {
      taker: takerOf(definition),
      heartbeatMs,
      canDeliver: definition?.onSettle !== undefined,
      chance: Math.random(),
      now: Date.now(),
    });
    switch (care.do) {
      case 'take':
        if (definition && record && !runningTasks(context).has(taskId)) {
          await take(task, definition, record);
        }
        return undefined;
      case 'deliver':
        if (record) await startDelivering(task, record);
        return undefined;
      case 'forget':
        await context.lookAgain(task, undefined);
        return undefined;
      case 'look':
        await context.lookAgain(task, care.inMs);
        return care.why === 'full' || care.why === 'lost' ? care.why : undefined;
      case 'leave':
        return undefined;
    }
  };

  return {
    counts,

    async round(limit) {
      const asked = { definitions: names, limit, leaseMs: 2 * heartbeatMs };
      const due = [...(await context.dueTasks(asked))];
      const hasMore = due.length >= limit;
      const found = new Set<string | undefined>();
      let failures = 0;
      const lookOn = async () => {
        for (let task = due.shift(); task; task = due.shift()) {
          try {
            found.add(await look(task));
            failures = 0;
          } catch (error) {
            // One task may be refused alone. If all are, those that are left are due again later.
            if (++failures >= maxFailures) throw error;
            report(error, task.taskId);
          }
        }
      };
      const looking = await Promise.allSettled(Array.from({ length: looksAtOnce }, lookOn));
      const failed = looking.find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
      return { hasMore, isFull: found.has('full'), hasLost: found.has('lost') };
    },

    async over() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },

    whenOver(listener) {
      listeners.push(listener);
    },
  };
}
