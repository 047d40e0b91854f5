// Chats in one file that stand still at a named point, so that their process can be killed there.
import type { UIMessage } from 'ai';
import {
  type ChatRoute,
  createChatRoute,
  type SaveChatOptions,
  type TaskLog,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { createId } from './tasks';
import { textChunks } from './text-chunks';

/** Where a turn may stand still: each place at which it waits between its POST and the end of saving. */
export const holdPoints = [
  'asks for the owner',
  'loads the chat for the request',
  'opens the task',
  'has opened the task',
  'waits for the turns before',
  'loads the chat for the work',
  'saves the question',
  'has saved the question',
  'begins to answer',
  'has answered half',
  'has answered',
  'settles',
  'has settled',
  'loads the chat for the answer',
  'saves the answer',
  'has saved the answer',
  'tells the storage that it is saved',
  'has told the storage',
] as const;

export type HoldPoint = (typeof holdPoints)[number];

/** The id of a chat whose turn stands still at a point. */
export function heldChatId(point: HoldPoint): string {
  return `held-${holdPoints.indexOf(point)}-${createId()}`;
}

/** Where the turn of a chat stands still. */
export function heldAt(chatId: string): HoldPoint | undefined {
  const [, index] = /^held-(\d+)-/.exec(chatId) ?? [];
  return index === undefined ? undefined : holdPoints[Number(index)];
}

/** Lets a chat stand still at a point, or go on. */
type Hold = (chatId: string, point: HoldPoint) => Promise<void>;

/** Keeps texts by their names. */
export interface TextStore {
  get(key: string): Promise<string | null>;
  set(key: string, text: string): Promise<void>;
}

/** A chat as it is stored: whole, and with the number of the newest turn that it has. */
export interface StoredChat {
  readonly messages: UIMessage[];
  readonly revision: number;
}

/** The chats in a store, which refuse what comes too late. */
function storedChats({ get, set }: TextStore) {
  const load = async (chatId: string): Promise<StoredChat> => {
    const text = await get(chatId);
    return text === null ? { messages: [], revision: 0 } : JSON.parse(text);
  };
  return {
    load,
    async save({ chatId, messages, revision, isRecovered }: SaveChatOptions): Promise<void> {
      const stored = await load(chatId);
      if (!isRecovered && revision <= stored.revision) return;
      const newest = Math.max(revision, stored.revision);
      await set(chatId, JSON.stringify({ messages, revision: newest }));
    },
  };
}

/** A log whose verbs stand still before and after. */
function heldLog(log: TaskLog, at: (point: HoldPoint) => Promise<void>): TaskLog {
  // Its state has to be read when it is asked for.
  return Object.assign(Object.create(log) as TaskLog, {
    async settle(...given: Parameters<TaskLog['settle']>) {
      await at('settles');
      const answer = await log.settle(...given);
      await at('has settled');
      return answer;
    },
    async release(...given: Parameters<TaskLog['release']>) {
      await at('tells the storage that it is saved');
      await log.release(...given);
      await at('has told the storage');
    },
    async predecessorsSaved() {
      await at('waits for the turns before');
      await log.predecessorsSaved?.();
    },
  });
}

/** A context whose tasks stand still. */
function heldContext(context: TaskStreamContext, hold: Hold): TaskStreamContext {
  return {
    ...context,
    async open(taskId, options) {
      const { chatId = '' } = options;
      await hold(chatId, 'opens the task');
      const log = await context.open(taskId, options);
      await hold(chatId, 'has opened the task');
      return log && heldLog(log, (point) => hold(chatId, point));
    },
  };
}

/** Chats without `retry` and with it. */
export function createHeldChats({
  streamContext,
  store,
  heartbeatMs,
  hold = async () => {},
}: {
  streamContext: TaskStreamContext;
  store: TextStore;
  heartbeatMs: number;
  hold?: Hold;
}): Record<'once' | 'again', ChatRoute> {
  const stored = storedChats(store);
  // How often each chat was loaded.
  const loads = new Map<string, number>();
  const loadPoints: readonly HoldPoint[] = [
    'loads the chat for the request',
    'loads the chat for the work',
    'loads the chat for the answer',
  ];
  const saved = ({ messages }: SaveChatOptions) => messages.at(-1)?.role === 'assistant';
  const create = (name: string, retry: { retry?: object }) =>
    createChatRoute({
      ...{ name, heartbeatMs, ...retry },
      streamContext: heldContext(streamContext, hold),
      async owner(request) {
        const chatId = new URL(request.url).searchParams.get('chatId') ?? '';
        await hold(chatId, 'asks for the owner');
        return 'ada';
      },
      async load({ chatId }) {
        const count = loads.get(chatId) ?? 0;
        loads.set(chatId, count + 1);
        const point = loadPoints[count];
        if (point) await hold(chatId, point);
        return (await stored.load(chatId)).messages;
      },
      async save(saving) {
        const { chatId } = saving;
        await hold(chatId, saved(saving) ? 'saves the answer' : 'saves the question');
        await stored.save(saving);
        await hold(chatId, saved(saving) ? 'has saved the answer' : 'has saved the question');
      },
      async execute({ chatId, writer }) {
        await hold(chatId, 'begins to answer');
        const chunks = textChunks('the answer');
        for (const chunk of chunks.slice(0, 2)) writer.write(chunk);
        await hold(chatId, 'has answered half');
        for (const chunk of chunks.slice(2)) writer.write(chunk);
        await hold(chatId, 'has answered');
      },
      onError: () => {},
    });
  return { once: create('once', {}), again: create('again', { retry: {} }) };
}
