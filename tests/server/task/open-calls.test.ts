import type { UIMessage, UIMessageChunk } from 'ai';
import { TaskError } from 'ai-task-stream';
import { streamTask, type TaskSettleEvent } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createLostTask } from '../../../src/server/log/lost-frames';
import { type AiVersion, aiVersions, finishPart, textParts } from '../../helpers/ai-versions';
import { aborted, createDeferred } from '../../helpers/async';
import { storedChunksIn } from '../../helpers/sse';
import { createOwnContext, readLog, startOwnTask } from '../../helpers/tasks';

type Ending = 'completed' | 'failed' | 'cancelled' | 'lost';

/** What becomes of a call: the state of its part. */
type Fate = 'output-error' | 'output-denied' | 'as it was';

const call = { toolCallId: 'c', toolName: 'search' };
const inputStart: UIMessageChunk = { type: 'tool-input-start', ...call };
const inputDelta: UIMessageChunk = {
  type: 'tool-input-delta',
  toolCallId: 'c',
  inputTextDelta: '{"q"',
};
const available: UIMessageChunk = { type: 'tool-input-available', ...call, input: { q: 1 } };
const asked: UIMessageChunk = { type: 'tool-approval-request', toolCallId: 'c', approvalId: 'a' };
const answer = (approved: boolean) =>
  ({ type: 'tool-approval-response', approvalId: 'a', approved }) as const;
const preliminary: UIMessageChunk = {
  type: 'tool-output-available',
  toolCallId: 'c',
  output: 'half',
  preliminary: true,
};
const output: UIMessageChunk = { type: 'tool-output-available', toolCallId: 'c', output: 'whole' };
const stepEnd: UIMessageChunk = { type: 'finish-step' };

const always = { completed: 'output-error', failed: 'output-error', cancelled: 'output-error' };
const unlessCompleted = { ...always, completed: 'as it was' };
const never = { completed: 'as it was', failed: 'as it was', cancelled: 'as it was' };
const deniedAlways = {
  completed: 'output-denied',
  failed: 'output-denied',
  cancelled: 'output-denied',
};

/** Every state of a call that a task has begun, and what becomes of it. */
const begunCalls: [string, UIMessageChunk[], Record<string, string>, 7?][] = [
  ['whose input has begun', [inputStart], always],
  ['whose input is on its way', [inputStart, inputDelta], always],
  ['whose input is on its way when the step ends', [inputStart, inputDelta, stepEnd], always],
  ['whose input is there', [available], unlessCompleted],
  ['whose input is there when the step ends', [available, stepEnd], never],
  [
    'of the provider whose input is there when the step ends',
    [{ ...available, providerExecuted: true } as UIMessageChunk, stepEnd],
    unlessCompleted,
  ],
  ['of a dynamic tool', [{ ...available, dynamic: true } as UIMessageChunk], unlessCompleted],
  ['that asks for an approval', [available, asked], never],
  ['that asks for an approval when the step ends', [available, asked, stepEnd], never],
  ['that was approved', [available, asked, answer(true)], always, 7],
  ['that was approved when the step ends', [available, asked, answer(true), stepEnd], always, 7],
  ['that was denied', [available, asked, answer(false)], deniedAlways, 7],
  ['with a preliminary output', [available, preliminary], always],
  ['with a preliminary output when the step ends', [available, preliminary, stepEnd], always],
  ['with an output', [available, output], never],
  ['with an output after a preliminary one', [available, preliminary, output], never],
  [
    'that has failed',
    [available, { type: 'tool-output-error', toolCallId: 'c', errorText: 'No.' }],
    never,
  ],
  [
    'whose input is invalid',
    [{ type: 'tool-input-error', ...call, input: 'x', errorText: 'No.' }],
    never,
  ],
  ['that is denied', [available, asked, { type: 'tool-output-denied', toolCallId: 'c' }], never],
];

function streamOf(...chunks: UIMessageChunk[]): ReadableStream<UIMessageChunk> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

/** Runs a task to one of its ends, with the chunks merged into it before. */
async function end(
  ending: Ending,
  chunks: UIMessageChunk[],
  originalMessages?: UIMessage[],
): Promise<UIMessageChunk[]> {
  const written = createDeferred();
  const { task, streamContext } = startOwnTask({
    originalMessages,
    execute: async ({ writer, signal }) => {
      writer.merge(streamOf(...chunks));
      await new Promise((resolve) => setImmediate(resolve));
      written.resolve();
      if (ending === 'failed') throw new TaskError({ message: 'No.' });
      if (ending !== 'completed') await aborted(signal);
    },
  });
  await task.toResponse().then((response) => void response.body?.cancel());
  await written.promise;
  const { taskId } = task;
  const cutAt = Number((await streamContext.inspect(taskId))?.cursor.split('-')[1]) + 1;
  if (ending === 'cancelled' || ending === 'lost') await task.cancel('Enough.');
  await task.consume();
  const frames = await readLog(streamContext, taskId);
  if (ending !== 'lost') return frames.map((frame) => JSON.parse(frame));
  // As if the process had gone before it could end the task.
  const lost = createLostTask({
    taskId,
    createdAt: 0,
    name: undefined,
    continued: JSON.parse(JSON.stringify(originalMessages?.at(-1) ?? null)) ?? undefined,
    cancel: undefined,
  });
  const left = frames.slice(0, cutAt);
  for (const frame of left) lost.track(frame);
  return [...left, ...lost.close(1).frames].map((frame) => JSON.parse(frame));
}

/** The chunks of the log from the start of the work on, as the page that has the message gets them. */
function ownChunks(chunks: UIMessageChunk[]): UIMessageChunk[] {
  return chunks.slice(chunks.map(({ type }) => type).lastIndexOf('start'));
}

function callIn(message: UIMessage | undefined) {
  const part = message?.parts.find((other) => 'toolCallId' in other && other.toolCallId === 'c');
  if (!part || !('toolCallId' in part)) throw new Error('There is no such call.');
  return part;
}

const user: UIMessage = { id: 'u', role: 'user', parts: [{ type: 'text', text: 'Go.' }] };

/** Expects that the chat can go on: as the AI SDK does it, with another message of the user. */
async function expectNextTurn(ai: AiVersion, message: UIMessage | undefined): Promise<void> {
  const messages = [user, { ...message, id: 'm' } as UIMessage, { ...user, id: 'u2' }];
  const stream = ai.streamText({
    parts: textParts('On.'),
    messages: await ai.convertToModelMessages(messages),
  });
  const types: string[] = [];
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    types.push(next.value.type);
  }
  expect(types).not.toContain('error');
  expect(types).toContain('text-delta');
}

const endings: Ending[] = ['completed', 'failed', 'cancelled', 'lost'];

describe.each(aiVersions)('R-ORDER-2: in AI SDK $version, a call', (ai) => {
  const rows = begunCalls
    .filter(([, , , least = 6]) => least <= ai.version)
    .flatMap(([what, chunks, fates]) =>
      endings.map(
        (ending) =>
          [what, ending, fates[ending] ?? fates.failed, chunks] as [
            string,
            Ending,
            Fate,
            UIMessageChunk[],
          ],
      ),
    );

  it.each(rows)('%s, of a task that is %s, ends %s', async (_what, ending, fate, chunks) => {
    const log = await end(ending, chunks);
    const before = await ai.readMessage(structuredClone(log.slice(0, 2 + chunks.length)));
    const errors: unknown[] = [];
    const message = await ai.readMessage(structuredClone(log), {
      onError: (error) => errors.push(String(error)),
    });
    expect(errors.filter((error) => String(error).includes('UIMessageStream'))).toEqual([]);
    if (fate === 'as it was') expect(callIn(message)).toEqual(callIn(before));
    else expect(callIn(message)).toMatchObject({ state: fate });
    for (const chunk of log) await ai.validateChunk(chunk);
    if (fate !== 'as it was') await expectNextTurn(ai, message);
  });

  const continuedWith = (part: object): UIMessage =>
    ({
      id: 'm',
      role: 'assistant',
      parts: [{ type: 'step-start' }, { type: 'tool-search', toolCallId: 'c', input: {}, ...part }],
    }) as UIMessage;
  const approved = { state: 'approval-responded', approval: { id: 'a', approved: true } };
  const denied = { state: 'approval-responded', approval: { id: 'a', approved: false } };
  const dynamic = { type: 'dynamic-tool', toolName: 'search' };

  it.each<[string, object, UIMessageChunk[], Fate, Fate]>([
    ['approved', approved, [], 'output-error', 'as it was'],
    ['approved, of a dynamic tool', { ...dynamic, ...approved }, [], 'output-error', 'as it was'],
    ['denied', denied, [], 'output-denied', 'as it was'],
    ['approved and at work', approved, [preliminary], 'output-error', 'as it was'],
    ['approved and done', approved, [output], 'as it was', 'as it was'],
    ['for the page', { state: 'input-available' }, [], 'as it was', 'as it was'],
    [
      'that the server answers',
      { state: 'input-available' },
      [preliminary],
      'output-error',
      'output-error',
    ],
    [
      'that asks',
      { state: 'approval-requested', approval: { id: 'a' } },
      [],
      'as it was',
      'as it was',
    ],
    ['half told', { state: 'input-streaming' }, [], 'as it was', 'as it was'],
    ['with an output', { state: 'output-available', output: 1 }, [], 'as it was', 'as it was'],
    [
      'with a preliminary output',
      { state: 'output-available', output: 1, preliminary: true },
      [],
      'as it was',
      'as it was',
    ],
    ['that has failed', { state: 'output-error', errorText: 'No.' }, [], 'as it was', 'as it was'],
    [
      'that is denied',
      { state: 'output-denied', approval: { id: 'a', approved: false } },
      [],
      'as it was',
      'as it was',
    ],
  ])(
    'of the continued message, %s, is closed as it has to be',
    async (_what, part, chunks, fate, ifCompleted) => {
      for (const ending of endings) {
        const given = () => structuredClone(continuedWith(part));
        const log = ownChunks(await end(ending, chunks, [user, given()]));
        const before = await ai.readMessage(structuredClone(log.slice(0, 2 + chunks.length)), {
          message: given(),
        });
        const errors: unknown[] = [];
        const message = await ai.readMessage(structuredClone(log), {
          message: given(),
          onError: (error) => errors.push(String(error)),
        });
        expect(errors.filter((error) => String(error).includes('UIMessageStream'))).toEqual([]);
        const expected = ending === 'completed' ? ifCompleted : fate;
        if (expected === 'as it was')
          expect([ending, callIn(message)]).toEqual([ending, callIn(before)]);
        else expect([ending, callIn(message)]).toMatchObject([ending, { state: expected }]);
        if (expected !== 'as it was') await expectNextTurn(ai, message);
      }
    },
  );

  it('that was approved and is at work when the chat is stopped lets the chat go on', async () => {
    const started = createDeferred();
    const tools = {
      search: {
        description: 'Searches.',
        inputSchema: z.object({}),
        needsApproval: true,
        execute: () => {
          started.resolve();
          return new Promise(() => {});
        },
      },
    };
    const continued = continuedWith(approved);
    const settled = createDeferred<TaskSettleEvent<unknown>>();
    const task = streamTask({
      streamContext: createOwnContext(),
      chatId: 'chat',
      graceMs: 0,
      originalMessages: [user, continued],
      onSettle: settled.resolve,
      execute: async ({ writer, signal }) => {
        const messages = await ai.convertToModelMessages([user, continuedWith(approved)], tools);
        writer.merge(ai.streamText({ parts: [finishPart('stop')], messages, tools, signal }));
      },
    });
    const response = task.toResponse();
    await started.promise;
    await task.cancel('Enough.');
    const chunks = storedChunksIn(await (await response).text());
    const message = await ai.readMessage(chunks, { message: continuedWith(approved) });
    expect(callIn(message)).toMatchObject({ state: 'output-error', errorText: 'Enough.' });
    await expectNextTurn(ai, message);
    expect(callIn((await settled.promise).message)).toMatchObject({ state: 'output-error' });
  });
});
