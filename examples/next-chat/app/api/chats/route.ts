import { listChats } from '../../../lib/chat-store';

/** The chats that there are. */
export async function GET(): Promise<Response> {
  return Response.json(await listChats(), { headers: { 'cache-control': 'no-store' } });
}
