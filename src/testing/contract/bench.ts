import { ok } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import type {
  Cursor,
  OpenTaskOptions,
  ReadTaskOptions,
  ResumableStreamContext,
  TaskLog,
  TaskReader,
  TaskStreamContext,
} from '../../server/index';
import { toTaskStreamContext } from '../../server/to-task-stream-context';
import { chunk } from './chunks';
import { type RelativeFrame, receive } from './reading';

/** Makes a stream context. All contexts that one such function makes share their storage. */
export type CreateStreamContext = () =>
  | Promise<TaskStreamContext | ResumableStreamContext>
  | TaskStreamContext
  | ResumableStreamContext;

/** How a test opens a task; for what the test leaves out there are defaults. */
interface OpenOnBenchOptions extends Partial<OpenTaskOptions> {
  /** Default: the task that the test is about. */
  taskId?: string;
  /** Default: the instance that runs tasks. */
  context?: TaskStreamContext;
}

/** Two instances of a server over one storage, and a task that neither knows yet. */
export interface Bench {
  /** The instance that runs tasks. */
  readonly context: TaskStreamContext;
  /** The other instance. */
  readonly elsewhere: TaskStreamContext;
  readonly taskId: string;
  /** Makes one more instance over the same storage. */
  createContext(): Promise<TaskStreamContext>;
  tryOpen(options?: OpenOnBenchOptions): Promise<TaskLog | undefined>;
  /** Fails when the task exists already. */
  open(options?: OpenOnBenchOptions): Promise<TaskLog>;
  /** Settles a log when the bench is disposed of, as it does with those that it has opened. */
  adopt(log: TaskLog): void;
  /** The whole cursor of a frame in the newest epoch of the task. */
  cursorOf(n: number): Promise<Cursor>;
  /** Fails when the task is unknown. */
  openReader(at: TaskStreamContext, options?: ReadTaskOptions): Promise<TaskReader>;
  /** What a new reader gets until the log ends. */
  readAll(at: TaskStreamContext, options?: ReadTaskOptions): Promise<RelativeFrame[]>;
  /** Asks again and again until a condition holds; fails when the test is over before. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
  /** Calls a function when the bench is disposed of, also after a test that failed. */
  onDispose(cleanUp: () => void): void;
  /** Ends what the test has begun. */
  dispose(): Promise<void>;
}

export async function createBench(create: CreateStreamContext): Promise<Bench> {
  const contexts: TaskStreamContext[] = [];
  const logs: TaskLog[] = [];
  const cleanups: (() => void)[] = [];
  let isOver = false;
  const createContext = async () => {
    const created = toTaskStreamContext(await create());
    contexts.push(created);
    return created;
  };
  const context = await createContext();
  const elsewhere = await createContext();
  const taskId = createTaskId();

  const tryOpen: Bench['tryOpen'] = async ({
    taskId: id = taskId,
    context: at = context,
    ...options
  } = {}) => {
    const log = await at.open(id, {
      leaseMs: 10_000,
      token: createTaskId(),
      frames: [chunk(0)],
      ...options,
    });
    if (log) logs.push(log);
    return log;
  };

  const openReader: Bench['openReader'] = async (at, options) => {
    const reader = await at.read(taskId, options);
    ok(reader, `The context does not know ${taskId}.`);
    return reader;
  };

  return {
    context,
    elsewhere,
    taskId,
    createContext,
    tryOpen,
    adopt: (log) => void logs.push(log),
    async open(options) {
      const log = await tryOpen(options);
      ok(log, 'The task exists already.');
      return log;
    },
    async cursorOf(n) {
      const record = await context.inspect(taskId);
      ok(record, `The context does not know ${taskId}.`);
      return { epoch: Number(record.cursor.split('-')[0]), n };
    },
    openReader,
    async readAll(at, options) {
      const reader = await openReader(at, options);
      try {
        return await receive(reader);
      } finally {
        reader.close();
      }
    },
    onDispose: (cleanUp) => void cleanups.push(cleanUp),
    async until(holds) {
      while (!(await holds())) {
        ok(!isOver, 'What the test waits for has not come.');
        await settleDown();
      }
    },
    async dispose() {
      isOver = true;
      for (const cleanUp of cleanups) cleanUp();
      for (const log of logs) {
        await log.settle([], 'cancelled');
        await log.release();
      }
      await Promise.all(contexts.map((created) => created.close()));
    },
  };
}

/** Resolves with the reason when a task is asked to stop. */
export function aborted({ signal }: TaskLog): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}

/** Waits long enough for news to reach another instance, in most cases. */
export function settleDown(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}
