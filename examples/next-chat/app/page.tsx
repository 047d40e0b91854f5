import { ChatPage } from '../components/chat/chat-page';
import { isChatId } from '../lib/chat-request';
import { listChats, readMessages } from '../lib/chat-store';
import { isLocalModel } from '../lib/model';

/** The chat that `/?chat=` names, else a new one. */
export default async function Page({
  searchParams,
}: {
  searchParams: Promise<{ chat?: string | string[] }>;
}) {
  const { chat } = await searchParams;
  const id = isChatId(chat) ? chat : crypto.randomUUID();
  const [messages, chats] = await Promise.all([readMessages(id), listChats()]);
  return <ChatPage key={id} id={id} messages={messages} chats={chats} canFail={isLocalModel()} />;
}
