import { listChats } from '../../../lib/chat-store';

/** Lists all chats. */
export async function GET(): Promise<Response> {
  return Response.json(await listChats(), { headers: { 'cache-control': 'no-store' } });
}
