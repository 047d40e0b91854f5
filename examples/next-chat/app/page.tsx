import { ChatPage } from '../components/chat/chat-page';
import type { ChatMessage } from '../lib/chat-message';
import { listChats, readMessages } from '../lib/chat-store';
import { isLocalModel } from '../lib/model';

/** What the chat's route takes for an id. */
const isChatId = (value: string) => /^[A-Za-z0-9_-]{1,128}$/.test(value);

/** The chat that `/?chat=` names, else a new one. */
export default async function Page({
  searchParams,
}: {
  searchParams: Promise<{ chat?: string | string[] }>;
}) {
  const { chat } = await searchParams;
  const id = typeof chat === 'string' && isChatId(chat) ? chat : crypto.randomUUID();
  const [messages, chats] = await Promise.all([readMessages<ChatMessage>(id), listChats()]);
  return <ChatPage key={id} id={id} messages={messages} chats={chats} canFail={isLocalModel()} />;
}
