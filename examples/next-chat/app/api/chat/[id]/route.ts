import { loadChat } from '../../../../lib/load-chat';

/** Answers with the chat's messages as the database has them, and with the task that is running. */
export async function GET(
  _request: Request,
  { params }: { params: Promise<{ id: string }> },
): Promise<Response> {
  const { id } = await params;
  return Response.json(await loadChat(id), { headers: { 'cache-control': 'no-store' } });
}
