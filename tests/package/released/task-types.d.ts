/**
 * Carries the types of a task from where it is defined to the page, without any code:
 * `defineTask` returns an object of this type, and `useTaskStream<typeof generateImage>` reads it.
 * The property never exists at run time.
 */
interface TaskTypes<Input = unknown, Result = unknown, Value = unknown, StepName extends string = string> {
    readonly '~task'?: {
        readonly input: Input;
        readonly result: Result;
        readonly partial: Value;
        readonly step: StepName;
    };
}
type TypesOf<Task> = Task extends {
    readonly '~task'?: infer Types;
} ? NonNullable<Types> : unknown;
/** What the task takes; `unknown` when `Task` is not a task. */
type InferTaskInput<Task> = TypesOf<Task> extends {
    readonly input: infer Input;
} ? Input : unknown;
/** What the task's `execute` returns; `unknown` when `Task` is not a task. */
type InferTaskResult<Task> = TypesOf<Task> extends {
    readonly result: infer Result;
} ? Result : unknown;
/** One item of the task's incremental result; `unknown` when `Task` is not a task. */
type InferTaskPartial<Task> = TypesOf<Task> extends {
    readonly partial: infer Value;
} ? Value : unknown;
/** Names of the task's steps; any string when `Task` is not a task, or has no steps of its own. */
type InferTaskStep<Task> = TypesOf<Task> extends {
    readonly step: infer StepName extends string;
} ? StepName : string;
type Unwritable = bigint | symbol | undefined | ((...parameters: never[]) => unknown);
/** What JSON makes of a value of this type: dates become strings, methods vanish, and so on. */
type Jsonified<T> = unknown extends T ? T : T extends {
    toJSON(): infer Json;
} ? Jsonified<Json> : T extends string | number | boolean | null | undefined ? T : T extends Unwritable ? never : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> ? Record<string, never> : T extends readonly unknown[] ? {
    [Key in keyof T]: T[Key] extends Unwritable ? null : Jsonified<T[Key]>;
} : {
    [Key in keyof T as Key extends symbol ? never : [T[Key]] extends [Unwritable] ? never : Key]: Jsonified<T[Key]>;
};

export type { InferTaskResult as I, Jsonified as J, TaskTypes as T, InferTaskPartial as a, InferTaskStep as b, InferTaskInput as c };
