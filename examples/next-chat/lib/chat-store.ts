import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { UIMessage } from 'ai';
import type { SaveChatOptions } from 'ai-task-stream/server';
import { Low } from 'lowdb';
import { JSONFile } from 'lowdb/node';
import { lock } from 'proper-lockfile';

interface Chat {
  id: string;
  title: string;
  messages: UIMessage[];
  /** The number of the turn that was saved last. */
  revision: number;
}

/** A chat in a list of them. */
export interface ChatSummary {
  id: string;
  title: string;
}

interface Database {
  /** The chat that was used last comes first. */
  chats: Chat[];
}

/** How many chats are kept; older ones are forgotten. */
const maxChats = 100;

const file =
  process.env.CHAT_DATABASE ||
  join(/* turbopackIgnore: true */ process.cwd(), '.data', 'messages.json');

/** Reads the database, anew each time, because other instances of the server write to it, too. */
async function open(): Promise<Low<Database>> {
  const database = new Low<Database>(new JSONFile(file), { chats: [] });
  await database.read();
  return database;
}

/** Changes the database while nobody else does, in this process or in another. */
async function update<Returned>(change: (database: Database) => Returned): Promise<Returned> {
  await mkdir(dirname(file), { recursive: true });
  const unlock = await lock(file, {
    // Before the first chat the file does not exist, so its real path cannot be resolved.
    realpath: false,
    retries: { retries: 200, factor: 1, minTimeout: 10, maxTimeout: 50 },
    // Another process has taken the lock over after a long delay: one of two changes may be lost.
    onCompromised: console.error,
  });
  try {
    const database = await open();
    const returned = change(database.data);
    // Atomic: a second file is written, and then renamed to take the place of the first.
    await database.write();
    return returned;
  } finally {
    await unlock();
  }
}

/** All chats; the one that was used last comes first. */
export async function listChats(): Promise<ChatSummary[]> {
  const { data } = await open();
  return data.chats.map(({ id, title }) => ({ id, title }));
}

/** A chat's messages; none when there is no such chat. Nobody else writes to the database. */
export async function readMessages<Message extends UIMessage>(chatId: string): Promise<Message[]> {
  const { data } = await open();
  const chat = data.chats.find(({ id }) => id === chatId);
  return (chat?.messages ?? []) as Message[];
}

/** Keeps a chat as a turn has left it, unless a later turn was kept already. */
export function saveChat({
  chatId,
  messages,
  revision,
  isRecovered,
}: Pick<SaveChatOptions, 'chatId' | 'messages' | 'revision' | 'isRecovered'>): Promise<void> {
  return update((database) => {
    const known = database.chats.find(({ id }) => id === chatId);
    if (known && !isRecovered && revision < known.revision) return;
    const chat: Chat = {
      id: chatId,
      title: known?.title ?? titleOf(messages),
      messages,
      revision: Math.max(revision, known?.revision ?? 0),
    };
    const others = database.chats.filter((other) => other !== known);
    database.chats = [chat, ...others].slice(0, maxChats);
  });
}

/** The beginning of the first question. */
function titleOf([question]: UIMessage[]): string {
  const { parts = [] } = question ?? {};
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 60).trimEnd()}…` : line;
}
