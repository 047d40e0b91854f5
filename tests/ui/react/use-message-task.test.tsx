import { act, fireEvent, render, screen, waitFor } from '@testing-library/react';
import type { UIMessage } from 'ai';
import { version as reactVersion, StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { TaskTypes } from '../../../src/protocol/task-types';
import {
  type TaskTransformer,
  type UseMessageTaskOptions,
  type UseMessageTaskResult,
  useTaskStream,
} from '../../../src/ui/react';
import { aborted, createDeferred } from '../../helpers/async';
import { type ChatServer, startChatServer } from '../../helpers/chat-server';
import { type ChatVersion, chatVersions } from '../../helpers/chat-versions';
import { httpFetch } from '../../helpers/http-fetch';
import { settle, snapshot, taskId } from '../../helpers/recording';
import { setUpCleaning } from './clean-up';

const afterwards = setUpCleaning();

async function serveChat(...parameters: Parameters<typeof startChatServer>): Promise<ChatServer> {
  const server = await startChatServer(...parameters);
  afterwards(() => server.close());
  return server;
}

/** A message of the assistant as a database keeps it. */
function keep(parts: object[]): UIMessage {
  return { id: 'kept', role: 'assistant', parts: structuredClone(parts) as UIMessage['parts'] };
}

/** What a page is made of: the modules of one version, its server, and what it saw. */
interface Page extends Awaited<ReturnType<ChatVersion['loadReact']>> {
  server: ChatServer;
  /** Types of the parts that `onData` got. */
  data: string[];
  /** Whether each turn ended as aborted. */
  finishes: boolean[];
  /** What `useTaskStream` returned at last. */
  shown: UseMessageTaskResult;
  /** `cancel` of the newest render's transport. */
  cancelTurn: () => Promise<boolean>;
}

type TaskProps = { page: Page } & Partial<
  Pick<UseMessageTaskOptions, 'api' | 'taskId' | 'transformer'>
>;

function Task({ page, ...props }: TaskProps & { message: UIMessage }) {
  const { useTaskStream } = page;
  const shown = useTaskStream({ ...props, fetch: httpFetch, throttleMs: 0 });
  page.shown = shown;
  const { status, isActive, connection, percent, logs, partials } = shown;
  return (
    <p>
      {`${status}, ${isActive ? 'active' : 'still'}, ${connection}, ${percent} %, `}
      {`logs ${logs.map(({ message }) => message)}, partials ${JSON.stringify(partials)}`}
    </p>
  );
}

/** A chat that shows each assistant's message by its task. */
function Chat({
  messages: initial,
  resume = false,
  ...props
}: TaskProps & { messages?: UIMessage[]; resume?: boolean }) {
  const { page } = props;
  const { TaskChatTransport, useChat, server } = page;
  // As pages do: a new one at every render.
  const transport = new TaskChatTransport({
    api: server.api,
    fetch: httpFetch,
    reconnect: { initialDelayMs: 0 },
  });
  page.cancelTurn = () => transport.cancel('chat', 'Enough.');
  const { messages, status, sendMessage } = useChat({
    id: 'chat',
    transport,
    messages: initial,
    resume,
    onData: ({ type }) => page.data.push(type),
    onFinish: ({ isAbort }) => page.finishes.push(isAbort),
  });
  return (
    <>
      <button type="button" onClick={() => sendMessage({ text: 'Go.' })}>
        Send
      </button>
      <output>{status}</output>
      {messages
        .filter(({ role }) => role === 'assistant')
        .map((message) => (
          <Task key={message.id} message={message} {...props} />
        ))}
    </>
  );
}

async function createPage({ loadReact }: ChatVersion, server: ChatServer): Promise<Page> {
  const modules = await loadReact();
  const notYet = () => Promise.reject(new Error('Nothing is shown yet.'));
  const shown = {} as UseMessageTaskResult;
  return { ...modules, server, data: [], finishes: [], shown, cancelTurn: notYet };
}

const text = () => document.body.textContent ?? '';
const send = () => fireEvent.click(screen.getByText('Send'));

describe.each(chatVersions)(
  `useTaskStream for a message of AI SDK $version on React ${reactVersion}`,
  (version) => {
    /** A task that reports, then waits for the test or a cancel. */
    async function serveReport(options: Partial<Parameters<typeof startChatServer>[0]> = {}) {
      const gate = createDeferred();
      const server = await serveChat({
        ...options,
        async execute({ task, signal }) {
          task.progress({ value: 1, total: 4 });
          task.log('one');
          task.partial({ n: 1 });
          await Promise.race([gate.promise, aborted(signal)]);
          if (signal.aborted) return;
          task.log('two');
          task.partial({ n: 2 });
          task.progress({ value: 4, total: 4 });
        },
      });
      return { gate, server };
    }

    it('shows a task while it goes, across a cut, and settled', async () => {
      const { gate, server } = await serveReport();
      const page = await createPage(version, server);
      render(<Chat page={page} />);
      send();
      await waitFor(() =>
        expect(text()).toContain('running, active, connected, 25 %, logs one, partials [{"n":1}]'),
      );
      server.cut();
      await waitFor(() => expect(server.count('GET')).toBeGreaterThan(0));
      await act(async () => gate.resolve());
      await waitFor(() =>
        expect(text()).toContain(
          'completed, still, closed, 100 %, logs one,two, partials [{"n":1},{"n":2}]',
        ),
      );
      await waitFor(() => expect(page.finishes).toEqual([false]));
      expect(screen.getByRole('status').textContent).toBe('ready');
      const count = (type: string) => page.data.filter((each) => each === type).length;
      expect(count('data-task-log')).toBe(2);
      expect(count('data-task-partial')).toBe(2);
      expect(count('data-task-settle')).toBe(1);
      expect(count('data-task-heartbeat')).toBe(0);
      expect(server.count('POST')).toBe(1);
      expect(page.shown).not.toHaveProperty('start');
      expect(page.shown.message.parts.at(-1)?.type).toBe('data-task-settle');
    });

    it.each([
      ['where the chat asks', undefined],
      ['at the given address', '/chat/stream'],
    ])('cancels %s', async (_, path) => {
      const { server } = await serveReport();
      const page = await createPage(version, server);
      render(<Chat page={page} api={path && server.api + path} />);
      send();
      await waitFor(() => expect(text()).toContain('running, active'));
      const { cancel } = page.shown;
      expect(await cancel('Enough.')).toBe(true);
      await waitFor(() => expect(text()).toContain('cancelled, still, closed'));
      expect(page.shown.cancel).toBe(cancel);
      expect(page.shown.error).toMatchObject({ code: 'cancelled', message: 'Enough.' });
      expect(await cancel()).toBe(false);
      expect(page.finishes).toEqual([true]);
      const [request] = server.requests.filter(({ method }) => method === 'DELETE');
      expect(request).toMatchObject({
        path: '/api/chat/chat/stream',
        query: { taskId: server.tasks[0]?.taskId, reason: 'Enough.' },
      });
      expect(server.count('DELETE')).toBe(1);
    });

    it.each([undefined, '/chat/stream'])('cancels as a handler of clicks, api %s', async (path) => {
      const { server } = await serveReport();
      const page = await createPage(version, server);
      render(<Chat page={page} api={path && server.api + path} />);
      send();
      await waitFor(() => expect(text()).toContain('running, active'));
      await page.shown.cancel(new Event('click'));
      await waitFor(() => expect(text()).toContain('cancelled, still, closed'));
      const [request] = server.requests.filter(({ method }) => method === 'DELETE');
      expect(request?.query).toEqual({ taskId: server.tasks[0]?.taskId });
    });

    it('cancels through the transport of a later render', async () => {
      const { server } = await serveReport();
      const page = await createPage(version, server);
      render(<Chat page={page} />);
      send();
      await waitFor(() => expect(text()).toContain('running, active'));
      expect(await page.cancelTurn()).toBe(true);
      await waitFor(() => expect(text()).toContain('cancelled, still'));
      await waitFor(() => expect(screen.getByRole('status').textContent).toBe('ready'));
    });

    it('resumes after a reload, logs and partial results included', async () => {
      const { gate, server } = await serveReport();
      const before = await createPage(version, server);
      const { unmount } = render(<Chat page={before} />);
      send();
      await waitFor(() => expect(text()).toContain('logs one'));
      unmount();
      const page = await createPage(version, server);
      render(
        <StrictMode>
          <Chat page={page} resume messages={[{ id: 'u', role: 'user', parts: [] }]} />
        </StrictMode>,
      );
      await waitFor(() => expect(text()).toContain('running, active, connected, 25 %, logs one'));
      await act(async () => gate.resolve());
      await waitFor(() =>
        expect(text()).toContain('completed, still, closed, 100 %, logs one,two'),
      );
      expect(server.count('DELETE')).toBe(0);
    });

    it('shows a kept message of which this page saw nothing', async () => {
      const { server } = await serveReport();
      const page = await createPage(version, server);
      const kept = keep([
        snapshot({ status: 'completed', progress: { value: 3, total: 4 } }),
        settle({ result: { url: 'u' } }),
      ]);
      render(<Chat page={page} messages={[kept]} />);
      expect(text()).toContain('completed, still, idle');
      expect(page.shown).toMatchObject({ taskId, result: { url: 'u' }, logs: [], partials: [] });
      expect(page.shown.settlement).toMatchObject({ status: 'completed' });
      expect(await page.shown.cancel()).toBe(false);
      expect(server.requests).toEqual([]);
    });

    it('shows nothing of a message without a task, and a failed one with its error', async () => {
      const { server } = await serveReport({
        intercept({ method }, response) {
          if (method !== 'DELETE') return false;
          response.end('{"cancelled":false}');
          return true;
        },
      });
      const page = await createPage(version, server);
      const { rerender } = render(
        <Task page={page} message={keep([{ type: 'text', text: 'Hello.' }])} />,
      );
      expect(page.shown).toMatchObject({ status: 'idle', isActive: false, connection: 'idle' });
      expect(page.shown.taskId).toBeUndefined();
      expect(await page.shown.cancel()).toBe(false);

      const error = { code: 'no-credit', message: 'Top up.', retryable: false };
      const parts = [snapshot({ status: 'failed' }), settle({ status: 'failed', error })];
      rerender(<Task page={page} message={keep(parts)} />);
      expect(page.shown).toMatchObject({ status: 'failed', isActive: false, error });

      // Kept while it ran: it may well go on.
      rerender(<Task page={page} message={keep([snapshot()])} />);
      expect(page.shown).toMatchObject({ status: 'running', isActive: true, connection: 'idle' });
      expect(await page.shown.cancel()).toBe(false);
      rerender(<Task page={page} message={keep([snapshot()])} api={`${server.api}/chat/stream`} />);
      expect(await page.shown.cancel()).toBe(false);
      expect(server.requests).toMatchObject([{ method: 'DELETE', query: { taskId } }]);
    });

    it('picks one of several tasks of a message', async () => {
      const { server } = await serveReport();
      const page = await createPage(version, server);
      const first = { taskId: 'first-0123456789abcdef' };
      const inner = { taskId: 'inner-0123456789abcdef', parentTaskId: taskId };
      const inTool = { taskId: 'in-tool-0123456789abcdef', toolCallId: 'call' };
      const message = keep([
        snapshot({ ...first, status: 'completed' }),
        settle(first),
        snapshot(),
        snapshot({ ...inner, progress: { value: 1, total: 2 } }),
        snapshot(inTool),
      ]);
      const { rerender } = render(<Task page={page} message={message} />);
      expect(page.shown).toMatchObject({ taskId, status: 'running' });
      expect(Object.keys(page.shown.children)).toEqual([inner.taskId, inTool.taskId]);
      rerender(<Task page={page} message={message} taskId={first.taskId} />);
      expect(page.shown).toMatchObject({
        ...first,
        status: 'completed',
        isActive: false,
        children: {},
      });
      const api = `${server.api}/chat/stream`;
      for (const { taskId: id } of [inner, inTool]) {
        rerender(<Task page={page} message={message} taskId={id} api={api} />);
        expect(page.shown).toMatchObject({ taskId: id, status: 'running', isActive: true });
        // What runs within a task stops with it.
        await page.shown.cancel();
        expect(server.requests.at(-1)?.query).toEqual({ taskId });
      }
    });

    it('parses partial results and the result with the transformer', async () => {
      const transformer = {
        stringify: (value: unknown) => JSON.stringify({ value }),
        parse: (text: string) => JSON.parse(text).value,
      };
      const server = await serveChat({
        transformer,
        sendResult: true,
        execute({ task }) {
          task.partial({ n: 1 });
          return { url: 'u' };
        },
      });
      const page = await createPage(version, server);
      render(<Chat page={page} transformer={transformer} />);
      send();
      await waitFor(() => expect(text()).toContain('completed, still'));
      expect(page.shown.partials).toEqual([{ n: 1 }]);
      expect(page.shown.result).toEqual({ url: 'u' });
      expect(page.shown.settlement?.result).toEqual({ url: 'u' });
    });

    it('is typed by the task', () => {
      const transformer = { stringify: JSON.stringify, parse: JSON.parse };
      expect(renderToString(<Typed message={keep([])} transformer={transformer} />)).toBe('');
    });

    it('renders on a server, and where nothing has passed yet', async () => {
      const { server } = await serveReport();
      const page = await createPage(version, server);
      expect(renderToString(<Task page={page} message={keep([snapshot()])} />)).toContain(
        'running, active, idle',
      );
    });
  },
);

type Report = TaskTypes<{ prompt: string }, { at: Date }, { on: Date }>;

function Typed({ message, transformer }: { message: UIMessage; transformer: TaskTransformer }) {
  const shown = useTaskStream<Report>({ message });
  expectTypeOf(shown.result).toEqualTypeOf<{ at: string } | undefined>();
  expectTypeOf(shown.partials).toEqualTypeOf<readonly { on: string }[]>();
  expectTypeOf(shown).not.toHaveProperty('start');
  expectTypeOf(shown).not.toHaveProperty('resume');
  const revived = useTaskStream<Report>({ message, transformer, api: '/api' });
  expectTypeOf(revived.result).toEqualTypeOf<{ at: Date } | undefined>();
  expectTypeOf(revived.partials).toEqualTypeOf<readonly { on: Date }[]>();
  const own = useTaskStream<Report>({ api: '/api' });
  expectTypeOf(own.start).parameter(0).toEqualTypeOf<{ prompt: string }>();
  // @ts-expect-error a task of a message is started by its chat
  useTaskStream<Report>({ message, resume: true });
  return null;
}
