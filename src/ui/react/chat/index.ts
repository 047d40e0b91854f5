'use client';

export type {
  FollowOptions,
  ReconnectOptions,
  TaskCancel,
  TaskChatActions,
  TaskChatOptions,
  TaskChatState,
} from '../..';
export { useTaskChat } from './use-task-chat';
export type { UseTaskChatOptions, UseTaskChatResult } from './use-task-chat-types';
