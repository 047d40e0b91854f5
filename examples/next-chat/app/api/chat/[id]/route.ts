import { loadChat } from '../../../../lib/load-chat';

/** What is kept of a chat. */
export async function GET(
  _request: Request,
  { params }: { params: Promise<{ id: string }> },
): Promise<Response> {
  const { id } = await params;
  return Response.json(await loadChat(id), { headers: { 'cache-control': 'no-store' } });
}
