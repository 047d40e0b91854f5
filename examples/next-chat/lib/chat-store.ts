import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Low } from 'lowdb';
import { JSONFile } from 'lowdb/node';
import { lock } from 'proper-lockfile';
import type { ChatMessage } from './chat-message';

/** A question, and the answer to it once there is one. */
interface Turn {
  question: ChatMessage;
  /** Id of the message that answers, or will; another one each time that it is asked again. */
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
  /** Those that were used last come first. */
  chats: Chat[];
}

/** Older ones are forgotten. */
const maxChats = 100;

const file =
  process.env.CHAT_DATABASE ||
  join(/* turbopackIgnore: true */ process.cwd(), '.data', 'chats.json');

/** Read anew each time, because other instances of the server write to it as well. */
async function open(): Promise<Low<Database>> {
  const database = new Low<Database>(new JSONFile(file), { chats: [] });
  await database.read();
  return database;
}

/** Changes the database while nobody else does, in this process or in another. */
async function update<Returned>(change: (database: Database) => Returned): Promise<Returned> {
  await mkdir(dirname(file), { recursive: true });
  const unlock = await lock(file, {
    // The file itself is not there before the first chat.
    realpath: false,
    retries: { retries: 200, factor: 1, minTimeout: 10, maxTimeout: 50 },
    // Held up for so long that another took it over: then one of two changes may be lost.
    onCompromised: console.error,
  });
  try {
    const database = await open();
    const returned = change(database.data);
    // By way of a second file that takes the place of the first at once.
    await database.write();
    return returned;
  } finally {
    await unlock();
  }
}

/** The chats there are, those that were used last first. */
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
 * Notes that a question is about to be answered, in the place of all that followed it if it was
 * asked before. Returns the messages up to the question, and the id for the answer. A page to which
 * nothing came back sends the same again, with the same id for the answer: that changes nothing.
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
 * Keeps an answer, unless its question was taken back or asked again meanwhile. One that was
 * recovered after its process was lost may be less than what that process had kept itself.
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
