// A chat whose task lost its process: what came after the last checkpoint is void, and is taken back
// where the AI SDK can do that. PROTOCOL.md, "Attempts".

import type { UIMessage } from 'ai';
import { describe, expect, it } from 'vitest';
import {
  type AttemptsLog,
  attemptsLog,
  bytesOf,
  type Chunk,
  checkpoint,
  startsIn,
  toolCall,
  work,
} from '../../helpers/attempts';
import { type ChatVersion, chatVersions } from '../../helpers/chat-versions';
import { onCleanUp } from '../../helpers/clean-up';
import { snapshot, taskId } from '../../helpers/recording';
import { startWireServer, type WireServer } from '../../helpers/wire-server';
import { openPage } from './helpers';

const text = (words: string): Chunk[] => [
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: words },
  { type: 'text-end', id: 't' },
];
const step = (...chunks: Chunk[]): Chunk[] => [
  { type: 'start-step' },
  ...chunks,
  { type: 'finish-step' },
];
const status = (data: string): Chunk => ({ type: 'data-status', id: 'status', data });
const metadata = (output: string): Chunk => {
  return { type: 'message-metadata', messageMetadata: { output } };
};

/** An agent that shows one status and one model, and stores a checkpoint after each step. */
const agent: readonly Chunk[] = [
  ...step(metadata('a'), status('thinking'), ...text('One')),
  checkpoint(0),
  ...step(metadata('b'), status('drawing'), ...toolCall('call')),
  snapshot({ progress: { value: 2, total: 3 } }),
  checkpoint(1),
  ...step(metadata('c'), status('writing'), ...text('Three')),
];

/** Work that is not in steps, or changes what earlier steps have made. */
const loose: readonly Chunk[] = [
  ...text('Before the first step'),
  ...step(...toolCall('call')),
  checkpoint(0),
  ...step({ type: 'tool-output-available', toolCallId: 'call', output: 'changed' }, ...text('Two')),
  checkpoint(1),
  ...step(...text('Three')),
  ...step(...text('Four')),
];

/** Whether a chunk changes a tool call of an earlier step. */
const isChange = (chunk: Chunk | undefined) => chunk?.output === 'changed';

/** Whether something shows that may be void. */
const isShown = ({ type, transient }: Chunk) =>
  !transient && type !== 'finish-step' && type !== 'data-task';

interface Case {
  lostAt: number[];
  chunks: readonly Chunk[];
  /** How many frames a response has at most that follows the attempt that was lost. */
  most?: number;
}

/** A page with as many chats as a test likes, each of which has an answer that loses its process. */
async function openChats(version: ChatVersion) {
  const logs = new Map<string, { log: AttemptsLog; cuts: number[]; most?: number }>();
  const server: WireServer = await startWireServer((response, { method, path, headers, body }) => {
    if (method === 'DELETE') return response.end('{"cancelled":false}');
    const id = method === 'POST' ? JSON.parse(body).id : path.split('/').at(-2);
    const { log, cuts, most } = logs.get(id) ?? { log: attemptsLog([]), cuts: [] };
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-task-id': taskId });
    const cursor = headers['last-event-id'] as string | undefined;
    const there = cuts.shift();
    if (there === undefined) {
      const rest = log.after(cursor);
      const sent = rest.slice(0, most);
      return response.end(bytesOf(sent, sent.length === rest.length));
    }
    const from = log.frames.findIndex((frame) => frame.cursor === cursor) + 1;
    const before = log.losses.filter((loss) => loss < there).at(-1) ?? 0;
    // A live response ends where the next attempt begins.
    response.end(bytesOf(log.frames.slice(Math.max(from, before), there), false));
  });
  onCleanUp(() => server.close());
  const page = await openPage(version, { api: server.api });

  /** Resolves with the answer at last, and with what `onRewind` was called with. */
  return async ({ lostAt, chunks, most }: Case, resumes = true) => {
    const log = attemptsLog(lostAt, chunks);
    const id = `chat-${logs.size}`;
    logs.set(id, { log, cuts: [...log.losses], ...(most !== undefined && { most }) });
    const rewinds: unknown[] = [];
    let resumed: Promise<void> | undefined;
    const transport = page.createTransport({
      // What resumes must not stop the work.
      cancelOnStop: true,
      // Whoever waited before it asks again would not end in time.
      reconnect: { initialDelayMs: 100_000, maxDelayMs: 100_000 },
      random: () => (lostAt.length > 1 || most !== undefined ? 0 : 1),
      onRewind(event) {
        rewinds.push(event);
        if (resumes) resumed = chat.stop().then(() => chat.resumeStream());
      },
    });
    const { chat } = page.openChat({ id, transport });
    await chat.sendMessage({ text: 'Go.' });
    for (let last: unknown; last !== resumed; ) {
      last = resumed;
      await resumed;
    }
    const answer = chat.messages.filter(({ role }) => role === 'assistant').at(-1);
    expect(server.requests.filter(({ method }) => method === 'DELETE')).toEqual([]);
    return { id, rewinds, answer: ofAnyAttempt(answer) };
  };
}

/** Every place where a process can be lost; fewer where nothing is taken back anyway. */
function* placesIn(chunks: readonly Chunk[], is7: boolean): Generator<number> {
  const starts = startsIn(chunks);
  for (let end = 0; end <= chunks.length; end++) {
    if (is7 || end % 4 === 1 || starts.includes(end)) yield end;
  }
}

/** A message without what tells attempts apart. */
function ofAnyAttempt(message: UIMessage | undefined): unknown {
  return JSON.parse(
    JSON.stringify(message, (key, value) => (key === 'attempt' ? undefined : value)),
  );
}

// The others of a major differ in nothing that counts here.
describe.each(chatVersions.slice(0, 2))(
  'a chat of AI SDK $version whose task lost its process (R-CLIENT-12)',
  (version) => {
    const is7 = version.version === 7;
    const told = (id: string, isTold: boolean) => (isTold ? [{ chatId: id }] : []);

    it.each([
      ['with text, thoughts, tools and tasks within', work],
      ['of an agent', agent],
    ] as const)('shows in the end what an undisturbed one does: %s', async (_, chunks) => {
      const follow = await openChats(version);
      const undisturbed = await follow({ lostAt: [], chunks });
      for (const end of placesIn(chunks, is7)) {
        const begin =
          startsIn(chunks)
            .filter((start) => start <= end)
            .at(-1) ?? 0;
        const voided = chunks.slice(begin, end);
        const hasMetadata = (some: readonly Chunk[]) =>
          some.some(({ type }) => type === 'message-metadata');
        // A member of the metadata that was not there before cannot be taken away.
        const isExact = is7 && !(hasMetadata(voided) && !hasMetadata(chunks.slice(0, begin)));
        const { answer, rewinds, id } = await follow({ lostAt: [end], chunks });
        const isTold = voided.some(isShown) && !isExact;
        expect([end, rewinds]).toEqual([end, told(id, isTold)]);
        expect([end, answer]).toEqual([end, undisturbed.answer]);
      }
    });

    it('does so however often the process is lost', async () => {
      const follow = await openChats(version);
      const undisturbed = await follow({ lostAt: [], chunks: agent });
      const [first = 0, second = 0] = startsIn(agent);
      for (const lostAt of [
        [first + 3, first + 5],
        [first + 4, first + 4, first + 2],
        [first + 5, second + 2],
        [first, second + 3, second + 1],
      ]) {
        const { answer, rewinds } = await follow({ lostAt, chunks: agent });
        if (is7) expect([lostAt, rewinds]).toEqual([lostAt, []]);
        expect([lostAt, answer]).toEqual([lostAt, undisturbed.answer]);
      }
    });

    it('does so wherever the connection breaks behind the loss', async () => {
      const follow = await openChats(version);
      const undisturbed = await follow({ lostAt: [], chunks: agent });
      const [first = 0] = startsIn(agent);
      for (const most of [1, 2, 3, 4, 5]) {
        const { answer, rewinds, id } = await follow({ lostAt: [first + 5], chunks: agent, most });
        expect([most, rewinds]).toEqual([most, told(id, !is7)]);
        expect([most, answer]).toEqual([most, undisturbed.answer]);
      }
    });

    it('is told of what no chunk takes back, and is right once it has resumed', async () => {
      const follow = await openChats(version);
      const undisturbed = await follow({ lostAt: [], chunks: loose });
      for (const end of placesIn(loose, is7)) {
        const begin =
          startsIn(loose)
            .filter((start) => start <= end)
            .at(-1) ?? 0;
        const voided = loose.slice(begin, end);
        const isStep = voided.filter(({ type }) => type === 'start-step').length === 1;
        const isExact = is7 && isStep && voided[0]?.type === 'start-step' && !isChange(voided[1]);
        const isTold = voided.some(isShown) && !isExact;
        const { answer, rewinds, id } = await follow({ lostAt: [end], chunks: loose });
        expect([end, rewinds]).toEqual([end, told(id, isTold)]);
        expect([end, answer]).toEqual([end, undisturbed.answer]);
      }
    });

    it('shows what is void beside what replaces it until it resumes, and no text is open', async () => {
      const follow = await openChats(version);
      const { answer } = await follow({ lostAt: [2], chunks: loose }, false);
      const parts = (answer as UIMessage).parts.filter(({ type }) => type === 'text');
      expect(parts.slice(0, 2)).toEqual([
        { type: 'text', text: 'Before the first step (void)', state: 'done' },
        { type: 'text', text: 'Before the first step', state: 'done' },
      ]);
    });
  },
);
