import { R as ResumableStreamContext, T as TaskTransformer, S as StartDefinedTaskOptions, a as StreamedTask } from './define-task.js';
import { T as TaskStreamContext } from './task-stream-context.js';
import { d as TaskErrorData } from './task-parts.js';
import { I as InferTaskResult, a as InferTaskPartial, b as InferTaskStep, J as Jsonified, T as TaskTypes } from './task-types.js';
import { UIMessageChunk, UIMessage } from 'ai';
import { T as TaskState } from './task-state.js';
import '@standard-schema/spec';

/** Makes a stream context. All contexts that one such function makes share their storage. */
type CreateStreamContext = () => Promise<TaskStreamContext | ResumableStreamContext> | TaskStreamContext | ResumableStreamContext;

/** What suites need of a test runner, as vitest, jest, node:test and mocha have it. */
interface TestRunner {
    /** Groups the tests that `define` makes. */
    describe(name: string, define: () => void): unknown;
    /** Makes a test, which fails when `test` rejects. */
    it(name: string, test: () => Promise<void>): unknown;
}

/** A promise that a stream context need not keep, if whoever uses the context knows that. */
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
/** `claimOutcome`: an outcome that a process could not tell its host is left to other processes. */
 | 'unsaved outcomes'
/** `take`: a task can wait for a runner, and be attempted again, by any instance. */
 | 'attempts'
/** `dueTasks` and `lookAgain`: open tasks are in an index, by which somebody finds them. */
 | 'open tasks'
/** `predecessorsSaved`: the turns of a chat are saved in their order. */
 | 'turns in order'
/**
 * How long things are kept goes by this process' `Date` and timers, which the suite then sets.
 * Name it in `without` for a storage that has a clock of its own.
 */
 | 'the time of this process'
/**
 * The context itself refuses names that a storage could confuse, and cuts long reasons. The
 * functions of `ai-task-stream/server` do so before they call a context.
 */
 | 'checks of its own';

/** Takes some frames of a task's log from the storage, one at least, and leaves the others. */
type LoseFrames = (taskId: string) => Promise<void>;

/**
 * Makes an instance deaf: whatever others notify it of is lost, while the storage still answers it.
 * The function that is returned lets it hear again.
 */
type DeafenStreamContext = (context: TaskStreamContext) => Promise<() => Promise<void> | void> | (() => Promise<void> | void);

/** Cuts an instance off its storage; the function that is returned lets it back. */
type CutStreamContext = (context: TaskStreamContext) => Promise<() => Promise<void> | void>;

/** Calls of a stream context, and of the logs that it opens, that can go wrong. */
type FaultyCall = 'open' | 'take' | 'read' | 'cancel' | 'inspect' | 'activeTask' | 'claimOutcome' | 'dueTasks' | 'lookAgain' | 'checkpoint' | 'handOver' | 'settle' | 'release' | 'flushed';
/**
 * A fault, and when it happens: at the `at`-th call, frame or chunk, counted from 1. Each kind of
 * call is counted by itself, frames over all readers, chunks over all tasks.
 *
 * - `delay`: the answer to the call comes `ms` milliseconds later. Also for a reader's `next`.
 * - `unavailable`: the storage is away. The call does nothing, and rejects; `checkpoint` answers
 *   `false`, and `handOver` `refused`.
 * - `lost-answer`: the storage does what it is asked for, but the call ends as if it were away. A task
 *   that was opened or taken by such a call, and is not again with the same token, has a producer that
 *   is gone.
 * - `cut`: the reader that would get the frame ends before it.
 * - `kill`: the producer that would append the chunk is gone. Whatever it does from then on reaches
 *   nobody; readers get no heartbeats, and after the lease the task waits for its next attempt, or is
 *   closed as `lost` if it has none left.
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
    /** Decides which faults are drawn: the same seed draws the same. */
    seed: number;
    /** How many faults. Default 8. */
    count?: number;
    /** The kinds of faults to draw from. Default: all. */
    faults?: readonly StreamContextFault['fault'][];
    /** The calls that may go wrong. Default: all. */
    calls?: readonly FaultyCall[];
    /** The largest `at`: faults happen among the first so many calls, frames or chunks. Default 10. */
    within?: number;
    /** The longest delay, in milliseconds. Default 20. */
    maxDelayMs?: number;
}
/** Draws faults by a seed, for tests that try many schedules. */
declare function createFaultSchedule({ seed, count, faults, calls, within, maxDelayMs, }: FaultScheduleOptions): StreamContextFault[];

/** A stream context with faults. */
interface FaultyStreamContext extends TaskStreamContext {
    /** The faults of the schedule that have happened until now, in their order. */
    readonly injected: readonly StreamContextFault[];
}
/**
 * Puts faults between tasks and the place where their logs live, to see what becomes of routes and
 * pages: a storage that is away or slow, answers that get lost, readers that are cut, producers that
 * are gone. The same schedule does the same to the same calls. Nothing that the given context has
 * stored is changed; the context returned keeps its promises but for those that the faults break.
 *
 * @throws TaskError `invalid-options` when `given` is no stream context.
 */
declare function createFaultyStreamContext(given: TaskStreamContext | ResumableStreamContext, schedule: readonly StreamContextFault[]): FaultyStreamContext;

/** The time of a test, which stands still until `advance` is called. */
interface ManualClock {
    /** Epoch milliseconds. */
    readonly now: number;
    /**
     * Lets `ms` milliseconds pass: timers fire in their order, and after each timer the event loop gets
     * some turns. Does not wait for networks. Rejects with what a timer's callback throws.
     */
    advance(ms: number): Promise<void>;
    /** Gives the process its own time back. Timers that wait do not fire any more. Idempotent. */
    uninstall(): void;
}
/** Options of `createManualClock`. */
interface ManualClockOptions {
    /** The time at which the clock stands, in epoch milliseconds. Default: the present time. */
    now?: number;
}
/**
 * Stops the time of this process until `uninstall`: `Date`, `performance.now`, and the global
 * `setTimeout`, `setInterval`, `clearTimeout` and `clearInterval`, for all code that uses them.
 * Deadlines, heartbeats, grace periods and retention then take as long as the test says.
 * `setImmediate`, microtasks, `AbortSignal.timeout` and `node:timers` go on as they are.
 *
 * @throws TaskError `invalid-options` while there is another manual clock.
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

/** What a response has told of a task. */
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
     * Called after each read with what has come until then. Once it returns true, the response is left
     * as by a page that is closed. Default: the response is read to its end.
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

/** What `runDefinition` needs of a definition; whatever `defineTask` returns fits. */
interface RunnableDefinition<Input, Result> {
    readonly options: {
        readonly transformer?: Pick<TaskTransformer, 'stringify'> | TaskTransformer;
        readonly onError?: (error: unknown, context: {
            taskId: string;
        }) => void;
    };
    start(input: Input, options: StartDefinedTaskOptions<Result>): StreamedTask<Result>;
}
/** Options of `runDefinition`; they win over those of the definition. */
interface RunDefinitionOptions<Input, Result> extends Omit<StartDefinedTaskOptions<Result>, 'abortSignal' | 'streamContext' | 'waitUntil'> {
    /** The input, as a page would give it; the definition checks it. */
    input?: Input;
    /** Cancels the task when it aborts. */
    signal?: AbortSignal;
}
/** How a task ran. Partial results are what JSON makes of them, unless there is a transformer. */
interface DefinitionRun<Result = unknown, Value = unknown, StepName extends string = string> extends Omit<SeenTask<Jsonified<Result>, Jsonified<Value>, StepName>, 'result'> {
    /** What `execute` returned, once the task is completed. */
    readonly result: Result | undefined;
    /** Why the task was not started, such as for an input that does not fit. */
    readonly refusal: TaskErrorData | undefined;
    /** What `onError` was told: errors as they were thrown, which pages do not see. */
    readonly errors: readonly unknown[];
}
/**
 * Runs a defined task without a route or a page, in a storage of its own, and tells how it went.
 * Resolves once the task is over and `onSettle` has returned; it does not reject, however the task
 * ends.
 */
declare function runDefinition<Input, Result, Value, StepName extends string>(definition: RunnableDefinition<Input, Result> & TaskTypes<Input, Result, Value, StepName>, { input, signal, onError, ...settings }?: RunDefinitionOptions<Input, Result>): Promise<DefinitionRun<Result, Value, StepName>>;

/** Options of `testStreamContext`. */
interface TestStreamContextOptions extends Partial<TestRunner> {
    /** Stands before the names of the tests. Default `A stream context`. */
    name?: string;
    /**
     * The promises that the context does not make, whose tests are left out. Default: none, so that
     * the context has to keep every promise.
     */
    without?: readonly StreamContextPromise[];
    /** How long the contexts keep settled logs, in milliseconds. Default 3,600,000 (1 h). */
    retentionMs?: number;
    /** How long a test may take before it fails, in milliseconds. Default 30,000. */
    timeoutMs?: number;
    /**
     * Cuts a context that `create` has made off its storage, as if the network between them were gone,
     * and resolves with a function that lets the context back. With `cut` the suite tests what contexts
     * promise to several processes: the task of a lost producer is closed, and that producer can write
     * nothing any more. Default: those tests are left out.
     */
    cut?: CutStreamContext;
    /**
     * Empties the storage, as a restart does where nothing is kept on a disk. With `empty` the suite
     * tests that running tasks begin their logs anew. Default: those tests are left out.
     */
    empty?: () => Promise<void>;
    /**
     * Loses all notifications of others to a context that `create` has made, while the storage still
     * answers it, and gives a function that lets it hear again. With it the suite tests that readers
     * and producers find out by themselves. Default: those tests are left out.
     */
    deafen?: DeafenStreamContext;
    /**
     * Takes some frames of a settled task's log from the storage, one at least, and leaves the others.
     * With it the suite tests that readers are told of them. Default: that test is left out.
     */
    lose?: LoseFrames;
}
/**
 * Makes the tests of what PROTOCOL.md promises of a stream context (section 10), with the `describe`
 * and `it` that are given, or else with the global ones.
 *
 * @param create Makes a context. All contexts that it makes share their storage, as the instances of
 * a server do. Each test makes at least two contexts and closes them.
 * @throws TaskError `invalid-options` when there is no test runner.
 */
declare function testStreamContext(create: CreateStreamContext, { name, without, retentionMs, timeoutMs, cut, empty, deafen, lose, ...runner }?: TestStreamContextOptions): void;

export { type CreateStreamContext, type CutStreamContext, type DeafenStreamContext, type DefinitionRun, type FaultScheduleOptions, type FaultyCall, type FaultyStreamContext, type LoseFrames, type ManualClock, type ManualClockOptions, type ReadTask, type ReadTaskResponse, type ReadTaskResponseOptions, type RunDefinitionOptions, type RunnableDefinition, type SeenTask, type StreamContextFault, type StreamContextPromise, type TestRunner, type TestStreamContextOptions, createFaultSchedule, createFaultyStreamContext, createManualClock, readTask, runDefinition, testStreamContext };
