import type { ChatInit, ChatTransport, UIMessage } from 'ai';
import type { createTaskChat, TaskChatTransport, TaskChatTransportOptions } from '../../src/ui';
import type { useTaskStream } from '../../src/ui/react';
import type { useTaskChat } from '../../src/ui/react/chat';
import { importWithAi } from './import-with-ai';

// One version's types stand for all: those in which the others differ are not used here.
type Ai = typeof import('ai');
type AiReact = typeof import('@ai-sdk/react');

/** A chat of the AI SDK, with a note of each of its callbacks. */
export interface NotedChat {
  readonly chat: InstanceType<AiReact['Chat']>;
  /** What `onData` was called with. */
  readonly data: { type: string; id?: string; data: unknown }[];
  readonly finishes: { isAbort: boolean; isDisconnect: boolean; isError: boolean }[];
  readonly errors: Error[];
}

/** The transport and the chat of one version of the AI SDK. */
export interface ChatVersion {
  /** For tests' names: the major version, or the lowest version of it that this package supports. */
  readonly version: number | string;
  /** A fresh copy of the page's modules, in which `ai` is this version. */
  load(): Promise<{
    createTransport(options: TaskChatTransportOptions): TaskChatTransport;
    /** The AI SDK's own transport. */
    createStockTransport(options: TaskChatTransportOptions): ChatTransport<UIMessage>;
    createChat(init: ChatInit<UIMessage>): NotedChat;
    createTaskChat: typeof createTaskChat;
  }>;
  /** A fresh copy of the page's modules with React, in which `ai` is this version. */
  loadReact(): Promise<{
    useTaskStream: typeof useTaskStream;
    useTaskChat: typeof useTaskChat;
    TaskChatTransport: typeof TaskChatTransport;
    /** The hook of this version, in terms of version 7. */
    useChat: AiReact['useChat'];
  }>;
}

function createVersion({
  version,
  importAi,
  importAiReact,
}: {
  version: number | string;
  importAi: () => Promise<unknown>;
  importAiReact: () => Promise<unknown>;
}): ChatVersion {
  return {
    version,
    async loadReact() {
      const aiReact = (await importAiReact()) as AiReact;
      const [{ useTaskStream }, { useTaskChat }, { TaskChatTransport }] = await importWithAi(
        importAi,
        () =>
          Promise.all([
            import('../../src/ui/react'),
            import('../../src/ui/react/chat'),
            import('../../src/ui'),
          ]),
        aiReact,
      );
      return { useTaskStream, useTaskChat, TaskChatTransport, useChat: aiReact.useChat };
    },
    async load() {
      const { Chat } = (await importAiReact()) as AiReact;
      const { DefaultChatTransport } = (await importAi()) as Ai;
      const ui = await importWithAi(importAi, () => import('../../src/ui'));
      return {
        createTransport: (options) =>
          new ui.TaskChatTransport({
            ...options,
            reconnect: { initialDelayMs: 0, ...options.reconnect },
          }),
        createTaskChat: ui.createTaskChat,
        createStockTransport: (options) => new DefaultChatTransport(options),
        createChat(init) {
          const noted: Omit<NotedChat, 'chat'> = { data: [], finishes: [], errors: [] };
          const chat = new Chat<UIMessage>({
            ...init,
            onData: (part) => noted.data.push(part),
            onError: (error) => noted.errors.push(error),
            onFinish({ isAbort, isDisconnect, isError }) {
              noted.finishes.push({ isAbort, isDisconnect, isError });
            },
          });
          return { ...noted, chat };
        },
      };
    },
  };
}

const newest: readonly ChatVersion[] = [
  createVersion({
    version: 7,
    importAi: () => import('ai'),
    importAiReact: () => import('@ai-sdk/react'),
  }),
  createVersion({
    version: 6,
    importAi: () => import('ai-v6'),
    importAiReact: () => import('ai-sdk-react-v3'),
  }),
];

const lowest: readonly ChatVersion[] = [
  createVersion({
    version: '7.0.112',
    importAi: () => import('ai-v7-lowest'),
    importAiReact: () => import('ai-sdk-react-v4-lowest'),
  }),
  createVersion({
    version: '6.0.304',
    importAi: () => import('ai-v6-lowest'),
    importAiReact: () => import('ai-sdk-react-v3-lowest'),
  }),
];

/** The newest of each major, and, where time allows, the lowest that the package supports. */
export const chatVersions: readonly ChatVersion[] = process.env.TEST_FAST
  ? newest
  : [...newest, ...lowest];
