import { TaskError } from 'ai-task-stream';
import { describe, expect, it, vi } from 'vitest';
import { aborted } from '../../helpers/async';
import { typesIn } from '../../helpers/sse';
import { createId } from '../../helpers/tasks';
import { answerOf, createRoute, del, get, input, notFound, post } from './ask-route';

describe('authorize', () => {
  it('is asked before anything happens, and told what is wanted', async () => {
    const authorize = vi.fn(() => true);
    const { POST, GET, DELETE } = createRoute({ authorize });
    const taskId = createId();
    const requests = { start: post({ taskId, input }), follow: get(taskId), cancel: del(taskId) };
    await (await POST(requests.start)).text();
    await (await GET(requests.follow)).text();
    await DELETE(requests.cancel);
    expect(authorize.mock.calls).toEqual(
      Object.entries(requests).map(([action, request]) => [{ request, action, taskId }]),
    );
  });

  const refusals: [
    string,
    () => boolean | Response | Promise<boolean | Response>,
    number,
    string,
  ][] = [
    [
      'false',
      () => false,
      403,
      '{"error":{"code":"forbidden","message":"You may not do this with the task."}}',
    ],
    [
      'a promise of false',
      async () => false,
      403,
      '{"error":{"code":"forbidden","message":"You may not do this with the task."}}',
    ],
    ['a response', () => new Response('Log in.', { status: 401 }), 401, 'Log in.'],
    [
      'a TaskError',
      () => {
        throw new TaskError({ code: 'forbidden', message: 'Mine.' });
      },
      403,
      '{"error":{"code":"forbidden","message":"Mine."}}',
    ],
    [
      'another error',
      () => {
        throw new Error('secret');
      },
      500,
      '{"error":{"code":"internal","message":"The request failed."}}',
    ],
  ];

  it.each(refusals)(
    'refuses with %s: nothing starts, is followed or cancelled',
    async (_what, authorize, status, body) => {
      let isOpen = true;
      const { POST, GET, DELETE, execute } = createRoute(
        { authorize: () => isOpen || authorize() },
        ({ signal }) => aborted(signal),
      );
      const taskId = createId();
      const running = await POST(post({ taskId, input }));
      isOpen = false;
      const other = createId();
      const responses = [
        await POST(post({ taskId: other, input })),
        await GET(get(taskId)),
        await DELETE(del(taskId)),
      ];
      for (const response of responses) {
        expect({ status: response.status, body: await response.text() }).toEqual({ status, body });
      }
      expect(execute).toHaveBeenCalledOnce();
      isOpen = true;
      expect(await (await DELETE(del(taskId))).json()).toEqual({ cancelled: true });
      await running.text();
    },
  );

  it('is asked with no taskId when the request names none', async () => {
    const authorize = vi.fn((_options: { taskId: string | undefined }) => false);
    const { POST } = createRoute({ authorize });
    await POST(post({ input }));
    expect(authorize.mock.calls[0]?.[0].taskId).toBeUndefined();
  });
});

describe('the owner', () => {
  const owner = (request: Request) => request.headers.get('x-user') ?? undefined;
  const me = { 'x-user': 'me' };

  it('alone sees the task; to all others it looks exactly like an unknown one', async () => {
    const { POST, GET, DELETE, execute } = createRoute({ owner }, ({ signal }) => aborted(signal));
    const taskId = createId();
    const running = await POST(post({ taskId, input }, me));
    const others: Record<string, string>[] = [{}, { 'x-user': 'you' }];
    const raw = async (response: Response) => ({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    });
    for (const headers of others) {
      expect(await raw(await GET(get(taskId, headers)))).toEqual(
        await raw(await GET(get(createId(), headers))),
      );
      expect(await raw(await DELETE(del(taskId, 'x', headers)))).toEqual(
        await raw(await DELETE(del(createId(), 'x', headers))),
      );
      expect(await answerOf(await GET(get(taskId, headers)))).toEqual(notFound);
      expect(await answerOf(await POST(post({ taskId, input }, headers)))).toEqual(notFound);
    }
    expect(execute).toHaveBeenCalledOnce();
    const mine = await GET(get(taskId, me));
    expect(mine.status).toBe(200);
    expect(await answerOf(await DELETE(del(taskId, undefined, me)))).toEqual({
      status: 200,
      body: { cancelled: true },
    });
    await Promise.all([mine.text(), running.text()]);
  });

  it('of a cancel that came too early is the only one whose task it stops', async () => {
    const { POST, DELETE } = createRoute({ owner });
    const taskId = createId();
    await DELETE(del(taskId, 'x', { 'x-user': 'you' }));
    const response = await POST(post({ taskId, input }, me));
    expect(typesIn(await response.text()).at(-1)).toBe('finish');
  });

  it('that cannot be told answers 500, and onError hears why', async () => {
    const broken = new Error('secret');
    const { POST, GET, DELETE, reported, execute } = createRoute({
      owner: () => Promise.reject(broken),
    });
    const responses = [
      await POST(post({ input })),
      await GET(get(createId())),
      await DELETE(del(createId())),
    ];
    for (const response of responses) {
      expect(await answerOf(response)).toEqual({
        status: 500,
        body: { error: { code: 'internal', message: 'The request failed.' } },
      });
    }
    expect(reported).toEqual([broken, broken, broken]);
    expect(execute).not.toHaveBeenCalled();
  });
});
