import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Low } from 'lowdb';
import { JSONFile } from 'lowdb/node';
import { lock } from 'proper-lockfile';
import type { ChatMessage } from './chat-message';

/** A question, and the answer to it once there is one. */
interface Turn {
  question: ChatMessage;
  /** Id of the answer, written or not; another id each time that the question is asked again. */
  answerId: string;
  answer?: ChatMessage;
}

interface Chat {
  id: string;
  title: string;
  turns: Turn[];
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
  join(/* turbopackIgnore: true */ process.cwd(), '.data', 'chats.json');

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

/** A chat's messages; none when there is no such chat. */
export async function readMessages(chatId: string): Promise<ChatMessage[]> {
  const { data } = await open();
  return messagesOf(data.chats.find(({ id }) => id === chatId)?.turns ?? []);
}

/**
 * Notes that a question is about to be answered. If the question was asked before, the turns after
 * it are dropped. Returns the messages up to the question, and the id for the answer. A page that
 * got no response sends the same request again, with the same id: that changes nothing.
 */
export function beginTurn(
  chatId: string,
  question: ChatMessage,
  answerId: string = crypto.randomUUID(),
): Promise<{ messages: ChatMessage[]; answerId: string }> {
  return update((database) => {
    const known = database.chats.find(({ id }) => id === chatId);
    const chat = known ?? { id: chatId, title: titleOf(question), turns: [] };
    const others = database.chats.filter((other) => other !== known);
    database.chats = [chat, ...others].slice(0, maxChats);
    const asked = chat.turns.findIndex((turn) => turn.question.id === question.id);
    const before = asked < 0 ? chat.turns : chat.turns.slice(0, asked);
    const isBegun = chat.turns[asked]?.answerId === answerId;
    if (!isBegun) chat.turns = [...before, { question, answerId }];
    return { messages: [...messagesOf(before), question], answerId };
  });
}

/**
 * Keeps an answer, unless its question was taken back or asked again meanwhile. A recovered answer
 * never replaces a kept one: its lost process may have kept more than could be recovered.
 */
export function saveAnswer(
  chatId: string,
  answer: ChatMessage,
  { isRecovered = false }: { isRecovered?: boolean } = {},
): Promise<void> {
  return update(({ chats }) => {
    const chat = chats.find(({ id }) => id === chatId);
    const turn = chat?.turns.find(({ answerId }) => answerId === answer.id);
    if (turn && !(isRecovered && turn.answer)) turn.answer = answer;
  });
}

function messagesOf(turns: readonly Turn[]): ChatMessage[] {
  return turns.flatMap(({ question, answer }) => (answer ? [question, answer] : [question]));
}

function titleOf({ parts }: ChatMessage): string {
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 60).trimEnd()}…` : line;
}
