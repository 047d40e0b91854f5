import { R as ResumableStreamContext, c as TaskTransformer, h as StartDefinedTaskOptions, k as StreamedTask } from './define-task.js';
import { T as TaskStreamContext } from './task-stream-context.js';
import { d as TaskErrorData } from './task-parts.js';
import { I as InferTaskResult, a as InferTaskPartial, b as InferTaskStep, J as Jsonified, T as TaskTypes } from './task-types.js';
import { UIMessageChunk, UIMessage } from 'ai';
import { T as TaskState } from './task-state.js';
import '@standard-schema/spec';

/** Makes a context that shares its storage with all others that it makes. */
type CreateStreamContext = () => Promise<TaskStreamContext | ResumableStreamContext> | TaskStreamContext | ResumableStreamContext;

/** What a stream context may do without, if whoever uses it knows. */
type StreamContextPromise = 
/** The log of a settled task can be read by whoever comes then. */
'replay after the end'
/** Of many instances that open a task at the same time, one wins. */
 | 'atomic opening across instances'
/** A cancel reaches its task from any instance. */
 | 'cancel across instances'
/** Every instance knows the tasks of a chat. */
 | 'chats across instances'
/** Every instance knows how a task ended. */
 | 'outcome across instances'
/** `claimOutcome`: who could not tell its host of an outcome leaves that to others. */
 | 'unsaved outcomes'
/** `predecessorsSaved`: the turns of a chat are saved in their order. */
 | 'turns in order'
/**
 * What is kept for a time goes by this process' `Date` and timers, which the suite then sets.
 * Leave it out for a storage that has a clock of its own.
 */
 | 'the time of this process'
/**
 * Names that a storage could confuse are refused, and long reasons are cut, also where the context
 * is called without the functions of `ai-task-stream/server`, which see to that.
 */
 | 'checks of its own';

/** What a test runner is made of, as far as suites need it: that of vitest, jest, node:test, mocha. */
interface TestRunner {
    /** Groups the tests that its function makes. */
    describe(name: string, define: () => void): unknown;
    /** Makes a test, which fails when its function rejects. */
    it(name: string, test: () => Promise<void>): unknown;
}

/** Cuts an instance off its storage; the function that is returned lets it back. */
type CutStreamContext = (context: TaskStreamContext) => Promise<() => Promise<void> | void>;

/** Calls of a stream context, and of the logs that it gives, whose answers can go wrong. */
type FaultyCall = 'open' | 'read' | 'cancel' | 'inspect' | 'activeTask' | 'claimOutcome' | 'settle' | 'release' | 'flushed';
/**
 * What goes wrong, and when: `at` counts from 1, for each kind of call by itself.
 *
 * - `delay`: the answer to that call comes so much later; of a reader's `next`, too.
 * - `unavailable`: the storage is away. The call does nothing, and rejects.
 * - `lost-answer`: the storage does what it is asked for, but the call rejects. A task that is opened
 *   so and not opened again with its token has a producer that is gone.
 * - `cut`: the reader ends that would get that frame, counted over all readers, without it.
 * - `kill`: the producer is gone that would append that chunk, counted over all tasks. What it does
 *   from then on reaches nobody; readers get no heartbeats, and after the lease the task is closed
 *   as `lost`.
 */
type StreamContextFault = {
    readonly fault: 'delay';
    readonly call: FaultyCall | 'next';
    readonly at: number;
    readonly ms: number;
} | {
    readonly fault: 'unavailable' | 'lost-answer';
    readonly call: FaultyCall;
    readonly at: number;
} | {
    readonly fault: 'cut' | 'kill';
    readonly at: number;
};
/** Options of `createFaultSchedule`. */
interface FaultScheduleOptions {
    /** The same seed gives the same faults. */
    seed: number;
    /** How many. Default 8. */
    count?: number;
    /** Of which kinds. Default: of all. */
    faults?: readonly StreamContextFault['fault'][];
    /** To which calls. Default: to all. */
    calls?: readonly FaultyCall[];
    /** Among the first so many calls, frames or chunks. Default 10. */
    within?: number;
    /** The longest delay, in milliseconds. Default 20. */
    maxDelayMs?: number;
}
/** Draws faults by a seed, for tests that try many. */
declare function createFaultSchedule({ seed, count, faults, calls, within, maxDelayMs, }: FaultScheduleOptions): StreamContextFault[];

/** A stream context with faults. */
interface FaultyStreamContext extends TaskStreamContext {
    /** The faults of the schedule that have happened until now, in their order. */
    readonly injected: readonly StreamContextFault[];
}
/**
 * Puts faults between tasks and the place where their logs live, to see what becomes of routes and
 * pages: a storage that is away or slow, answers that get lost, readers that are cut, producers that
 * are gone. The same schedule does the same to the same calls. What the context has stored stays as
 * it is: its promises are kept, except those that the faults are about.
 *
 * @throws TaskError `invalid-options` when the context is none.
 */
declare function createFaultyStreamContext(given: TaskStreamContext | ResumableStreamContext, schedule: readonly StreamContextFault[]): FaultyStreamContext;

/** The time of a test, which stands still until it is let pass. */
interface ManualClock {
    /** Epoch milliseconds. */
    readonly now: number;
    /**
     * Lets so many milliseconds pass: timers fire in their order, and after each of them whatever the
     * event loop has to do is done. It does not wait for networks.
     *
     * Rejects with what a timer has thrown.
     */
    advance(ms: number): Promise<void>;
    /** Gives the process its own time back. Timers that wait do not fire any more. Idempotent. */
    uninstall(): void;
}
/** Options of `createManualClock`. */
interface ManualClockOptions {
    /** What time it is, in epoch milliseconds. Default: what it is. */
    now?: number;
}
/**
 * Stops the time of this process: `Date`, `performance.now`, and the global `setTimeout`,
 * `setInterval` and what clears them, for everybody who uses them, from now on until `uninstall`.
 * Deadlines, heartbeats, grace periods and retention then take as long as the test says.
 * `setImmediate`, microtasks, `AbortSignal.timeout` and `node:timers` go on as they are.
 *
 * @throws TaskError `invalid-options` while there is another one.
 */
declare function createManualClock({ now: startAt, }?: ManualClockOptions): ManualClock;

/** What a page knows of a task once it has seen some chunks. */
interface SeenTask<Result = unknown, Value = unknown, StepName extends string = string> {
    /** The state of the task after the last chunk: status, progress, steps, error, settlement. */
    readonly task: TaskState<Result, Value, StepName>;
    /** The task's result, once it is completed. */
    readonly result: Result | undefined;
    /** All chunks that were stored, in their order. */
    readonly chunks: readonly UIMessageChunk[];
    /** The messages of the task's log lines. */
    readonly logs: readonly string[];
    /** The text that was streamed. */
    readonly text: string;
    /** The assistant's message that the chunks make, as `useChat` would show it. */
    readonly message: UIMessage;
}

/** What a response told of a task. */
interface ReadTask<Result = unknown, Value = unknown, StepName extends string = string> extends SeenTask<Result, Value, StepName> {
    /** The status of the response. */
    readonly status: number;
    /** Why the server refused, where it did. */
    readonly refusal: TaskErrorData | undefined;
    /** The cursor of the last chunk, for `Last-Event-ID`. */
    readonly cursor: string | undefined;
    /** How many heartbeats came. */
    readonly heartbeatCount: number;
    /** Whether the whole log of a task that is over came: the response ended with `[DONE]`. */
    readonly isDone: boolean;
}
/** Options of `readTask`. */
interface ReadTaskResponseOptions {
    /**
     * Leaves the response, as a page that is closed, once this holds. It is asked after each read,
     * with what has come until then. Default: it is read to its end.
     */
    until?: (seen: SeenTask) => boolean;
}
/** What `readTask` is: the types of the task come from the type argument. */
interface ReadTaskResponse {
    /** With a transformer, values have the types that they have on the server. */
    <Task = unknown>(response: Response, options: ReadTaskResponseOptions & {
        transformer: TaskTransformer;
    }): Promise<ReadTask<InferTaskResult<Task>, InferTaskPartial<Task>, InferTaskStep<Task>>>;
    /** Without one, results and partial results are what JSON makes of them. */
    <Task = unknown>(response: Response, options?: ReadTaskResponseOptions): Promise<ReadTask<Jsonified<InferTaskResult<Task>>, Jsonified<InferTaskPartial<Task>>, InferTaskStep<Task>>>;
}
/**
 * Reads the answer of a task's route, and tells what a page would know of the task. Give it the
 * task's type, `readTask<typeof report>(response)`, to have result, partial results and steps typed.
 */
declare const readTask: ReadTaskResponse;

/** What `runDefinition` needs of a definition; every one is such. */
interface RunnableDefinition<Input, Result> {
    readonly options: {
        readonly transformer?: Pick<TaskTransformer, 'stringify'> | TaskTransformer;
        readonly onError?: (error: unknown, context: {
            taskId: string;
        }) => void;
    };
    start(input: Input, options: StartDefinedTaskOptions<Result>): StreamedTask<Result>;
}
/** Options of `runDefinition`; settings win over those of the definition. */
interface RunDefinitionOptions<Input, Result> extends Omit<StartDefinedTaskOptions<Result>, 'abortSignal' | 'streamContext' | 'waitUntil'> {
    /** As a page would give it, and checked likewise. */
    input?: Input;
    /** Cancels the task when it aborts. */
    signal?: AbortSignal;
}
/** How a task ran. Partial results are what JSON makes of them, unless there is a transformer. */
interface DefinitionRun<Result = unknown, Value = unknown, StepName extends string = string> extends Omit<SeenTask<Jsonified<Result>, Jsonified<Value>, StepName>, 'result'> {
    /** What `execute` returned, once the task is completed. */
    readonly result: Result | undefined;
    /** Why it was not started, such as for an input that does not fit. */
    readonly refusal: TaskErrorData | undefined;
    /** What `onError` was told: errors as they were thrown, which pages do not see. */
    readonly errors: readonly unknown[];
}
/**
 * Runs a defined task without a route or a page, in a memory of its own, and tells how it went.
 * Resolves once the task is over and `onSettle` has returned; it does not reject, however the task
 * ends.
 */
declare function runDefinition<Input, Result, Value, StepName extends string>(definition: RunnableDefinition<Input, Result> & TaskTypes<Input, Result, Value, StepName>, { input, signal, onError, ...settings }?: RunDefinitionOptions<Input, Result>): Promise<DefinitionRun<Result, Value, StepName>>;

/** Options of `testStreamContext`. */
interface TestStreamContextOptions extends Partial<TestRunner> {
    /** Stands before the names of the tests. Default `A stream context`. */
    name?: string;
    /**
     * What the context does not promise; the tests of that are left out. Default: nothing, so that it
     * has to keep every promise.
     */
    without?: readonly StreamContextPromise[];
    /** How long the contexts keep settled logs, in milliseconds. Default 3,600,000 (1 h). */
    retentionMs?: number;
    /** How long a test may take before it fails, in milliseconds. Default 30,000. */
    timeoutMs?: number;
    /**
     * Cuts a context that `create` has made off its storage, as if the network between them were gone,
     * and gives a function that lets it back. With it the suite tests what contexts promise that
     * several processes share: a lost producer's task is closed, and that producer can write nothing
     * any more. Default: those tests are left out.
     */
    cut?: CutStreamContext;
    /**
     * Takes everything from the storage, as a restart does where nothing is kept on a disk. With it
     * the suite tests that running tasks begin their logs anew. Default: those tests are left out.
     */
    empty?: () => Promise<void>;
}
/**
 * Makes the tests of what PROTOCOL.md promises of a stream context (section 10), with the `describe`
 * and `it` that are given, or else with the global ones.
 *
 * @param create Makes a context that shares its storage with all others which it makes, as the
 * instances of a server do. Each test makes at least two and closes them.
 * @throws TaskError `invalid-options` when there is no test runner.
 */
declare function testStreamContext(create: CreateStreamContext, { name, without, retentionMs, timeoutMs, cut, empty, ...runner }?: TestStreamContextOptions): void;

export { type CreateStreamContext, type CutStreamContext, type DefinitionRun, type FaultScheduleOptions, type FaultyCall, type FaultyStreamContext, type ManualClock, type ManualClockOptions, type ReadTask, type ReadTaskResponse, type ReadTaskResponseOptions, type RunDefinitionOptions, type RunnableDefinition, type SeenTask, type StreamContextFault, type StreamContextPromise, type TestRunner, type TestStreamContextOptions, createFaultSchedule, createFaultyStreamContext, createManualClock, readTask, runDefinition, testStreamContext };
