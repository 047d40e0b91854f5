import { Chat as Chat7, useChat as useChat7 } from '@ai-sdk/react';
import type { ChatInit, ChatTransport, UIMessage } from 'ai';
import * as ai7 from 'ai';
import { Chat as Chat6, useChat as useChat6 } from 'ai-sdk-react-v3';
import * as ai6 from 'ai-v6';
import { vi } from 'vitest';
import type { TaskChatTransport, TaskChatTransportOptions } from '../../src/ui';
import type { useTaskStream } from '../../src/ui/react';

/** A chat of the AI SDK, with a note of each of its callbacks. */
export interface NotedChat {
  readonly chat: Chat7<UIMessage>;
  /** What `onData` was called with, without the heartbeats' absence being taken for granted. */
  readonly data: { type: string; id?: string; data: unknown }[];
  readonly finishes: { isAbort: boolean; isDisconnect: boolean; isError: boolean }[];
  readonly errors: Error[];
}

/** The transport and the chat of one major version of the AI SDK. */
export interface ChatVersion {
  readonly version: 6 | 7;
  /** A fresh copy of the page's modules, in which `ai` is this version. */
  load(): Promise<{
    createTransport(options: TaskChatTransportOptions): TaskChatTransport;
    /** The AI SDK's own transport. */
    createStockTransport(options: TaskChatTransportOptions): ChatTransport<UIMessage>;
    createChat(init: ChatInit<UIMessage>): NotedChat;
  }>;
  /** The hook of this version, in terms of version 7. */
  readonly useChat: typeof useChat7;
  /** A fresh copy of the page's modules with React, in which `ai` is this version. */
  loadReact(): Promise<{
    useTaskStream: typeof useTaskStream;
    TaskChatTransport: typeof TaskChatTransport;
  }>;
}

function createVersion(version: 6 | 7): ChatVersion {
  /** Imports modules anew, in which `ai` is this version. */
  async function importAnew<Modules>(importModules: () => Promise<Modules>): Promise<Modules> {
    vi.resetModules();
    if (version === 6) vi.doMock('ai', () => import('ai-v6'));
    const modules = await importModules();
    vi.doUnmock('ai');
    return modules;
  }

  return {
    version,
    // Version 6 differs in types that play no part here.
    useChat: (version === 7 ? useChat7 : useChat6) as typeof useChat7,
    async loadReact() {
      const [{ useTaskStream }, { TaskChatTransport }] = await importAnew(() =>
        Promise.all([import('../../src/ui/react'), import('../../src/ui')]),
      );
      return { useTaskStream, TaskChatTransport };
    },
    async load() {
      const ui = await importAnew(() => import('../../src/ui'));
      const Chat = (version === 7 ? Chat7 : Chat6) as typeof Chat7;
      const { DefaultChatTransport } = (version === 7 ? ai7 : ai6) as typeof ai7;
      return {
        createTransport: (options) =>
          new ui.TaskChatTransport({
            ...options,
            reconnect: { initialDelayMs: 0, ...options.reconnect },
          }),
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

export const chatVersions: readonly ChatVersion[] = [createVersion(7), createVersion(6)];
