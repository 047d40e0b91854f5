import { UIMessage } from 'ai';
import { h as TaskUIMessage, i as TaskUIDataTypes } from './task-parts.js';
export { j as TaskCheckpointData, k as TaskChunk, l as TaskData, g as TaskError, m as TaskErrorCode, d as TaskErrorData, n as TaskErrorPartData, f as TaskHeartbeatData, c as TaskLogData, o as TaskLogLevel, p as TaskOutcome, q as TaskPartialData, a as TaskProgress, r as TaskRewindData, e as TaskSettlement, T as TaskStatus, b as TaskStep, s as isTaskPart } from './task-parts.js';
import { T as TaskState } from './task-state.js';
export { a as TaskCheckpoint, i as initialTaskState, r as reduceTaskChunk } from './task-state.js';
import { StandardSchemaV1 } from '@standard-schema/spec';
export { T as TaskTypes } from './task-types.js';

/**
 * Carries the type of a chat's messages from its route to the page, without any code:
 * `createChatRoute` returns an object of this type, and `useTaskChat<typeof chat>` reads it. The
 * property never exists at run time.
 */
interface ChatTypes<Message extends UIMessage = UIMessage> {
    readonly '~chat'?: {
        readonly message: Message;
    };
}
/**
 * The messages of a chat, with its tools, data parts and metadata: `InferChatMessage<typeof chat>`.
 * A type of messages is itself, and anything else has messages with the parts of tasks.
 */
type InferChatMessage<Chat> = Chat extends UIMessage ? Chat : Chat extends {
    readonly '~chat'?: infer Types;
} ? NonNullable<Types> extends {
    readonly message: infer Message extends UIMessage;
} ? Message : TaskUIMessage : TaskUIMessage;

type Measured = Pick<TaskState, 'status' | 'progress' | 'steps'>;
/**
 * Overall progress in percent, 0 to 100: the weighted share of the steps where there are steps,
 * else `value` of `total`. `undefined` when neither is known.
 */
declare function taskPercent(state: Measured): number | undefined;
/**
 * Estimated milliseconds until a running task is done, as if it went on at its average pace:
 * `elapsed × (1 − done) / done` as of the newest snapshot, less the time that has passed since then.
 * `undefined` when the task is not running, has shown no progress, its end is not known, or the
 * server's clock was set back meanwhile.
 *
 * @param now Epoch milliseconds by the server's clock. Default: the time of the newest snapshot.
 */
declare function estimateRemainingMs(state: Measured & Pick<TaskState, 'createdAt' | 'updatedAt'>, now?: number | undefined): number | undefined;

type Schemas = {
    [Name in keyof TaskUIDataTypes]: StandardSchemaV1<TaskUIDataTypes[Name]>;
};
type PrefixedSchemas = {
    [Name in keyof Schemas as `data-${Name}`]: Schemas[Name];
};
/**
 * Standard Schemas of our data parts, for the AI SDK's `dataPartSchemas` and `validateUIMessages`.
 * Keyed both by the bare name (`task`) and with the prefix (`data-task`): while it reads a stream,
 * AI SDK 6 looks up the prefixed name, and AI SDK 7 the bare one.
 */
declare const taskDataPartSchemas: Schemas & PrefixedSchemas;

/**
 * A message without its task parts, for chats that show no progress: task parts take some hundred
 * bytes of each message that is saved, and that a page uploads.
 */
declare function withoutTaskParts<Message extends {
    parts: readonly {
        type: string;
    }[];
}>(message: Message): Message;

export { type ChatTypes, type InferChatMessage, TaskState, TaskUIDataTypes, TaskUIMessage, estimateRemainingMs, taskDataPartSchemas, taskPercent, withoutTaskParts };
