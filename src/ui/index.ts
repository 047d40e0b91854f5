export { createTaskChat } from './chat/create-task-chat';
export type {
  TaskChat,
  TaskChatActions,
  TaskChatOptions,
  TaskChatState,
} from './chat/task-chat-types';
export { type CreateTaskStream, createTaskStream } from './create-task-stream';
export type { TaskCancel } from './task-cancel';
export type { PrepareCancelRequest, TaskChatTransportOptions } from './task-chat-options';
export { TaskChatTransport } from './task-chat-transport';
export type {
  FollowOptions,
  ReconnectOptions,
  TaskClientOptions,
  TaskRequestHeaders,
} from './task-client-options';
export type {
  ResumeTaskOptions,
  StartTaskArguments,
  StartTaskOptions,
  TaskConnection,
  TaskEnd,
  TaskStream,
  TaskStreamOptions,
  TaskStreamState,
  TaskStreamStatus,
  TaskTransformer,
  UnsettledTask,
} from './task-stream-types';
