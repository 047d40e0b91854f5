import type { UIMessage, UIMessageChunk } from 'ai';
import { describe, expect, it } from 'vitest';
import { reduceUIMessageChunk } from '../../../src/protocol/ui-message';
import { aiVersions, textParts } from '../../helpers/ai-versions';
import { turns } from '../../helpers/async';
import { fc } from '../../helpers/fast-check';
import { chunksIn, storedChunksIn } from '../../helpers/sse';
import { follow, runToText, startOwnTask } from '../../helpers/tasks';

/** One thing that a model says or does within a step. */
interface Item {
  readonly kind: 'text' | 'reasoning' | 'tool';
  readonly id: string;
  readonly pieces: number;
}

/** A stream: its steps, and whether it breaks off before the end of the last one. */
interface Script {
  readonly steps: readonly (readonly Item[])[];
  readonly breaksOff: boolean;
}

/** What has to come of an item, in the order of the stream. */
type Outcome = readonly [kind: string, content: string];

function chunksOf(
  { steps, breaksOff }: Script,
  name: string,
  isByHand: boolean,
): { chunks: UIMessageChunk[]; outcomes: Outcome[] } {
  const chunks: UIMessageChunk[] = [];
  const outcomes: Outcome[] = [];
  const used = new Set<string>();
  steps.forEach((items, step) => {
    chunks.push({ type: 'start-step' });
    items.forEach(({ kind, id, pieces }, index) => {
      const texts = Array.from(
        { length: pieces },
        (_, piece) => `${name}${step}.${index}.${piece} `,
      );
      if (kind === 'tool') {
        // Whoever writes by hand may mean a call of a merged stream.
        const toolCallId = `${isByHand ? 'own' : 'call'}-${id}`;
        // A model names each of its calls differently.
        if (used.has(toolCallId)) return;
        used.add(toolCallId);
        const input = { of: texts.join('') };
        const json = JSON.stringify(input);
        const half = Math.ceil(json.length / 2);
        chunks.push(
          { type: 'tool-input-start', toolCallId, toolName: 'search' },
          { type: 'tool-input-delta', toolCallId, inputTextDelta: json.slice(0, half) },
          { type: 'tool-input-delta', toolCallId, inputTextDelta: json.slice(half) },
          { type: 'tool-input-available', toolCallId, toolName: 'search', input },
          { type: 'tool-output-available', toolCallId, output: { found: input.of } },
        );
        outcomes.push(['tool', JSON.stringify({ input, output: { found: input.of } })]);
        return;
      }
      chunks.push({ type: `${kind}-start`, id });
      for (const delta of texts) chunks.push({ type: `${kind}-delta`, id, delta });
      chunks.push({ type: `${kind}-end`, id });
      outcomes.push([kind, texts.join('')]);
    });
    if (!breaksOff || step < steps.length - 1) chunks.push({ type: 'finish-step' });
  });
  return { chunks, outcomes };
}

/** What a message has of the stream of that name. */
function outcomesIn(message: UIMessage | undefined, name: string): Outcome[] {
  return (message?.parts ?? []).flatMap((part): Outcome[] => {
    if (part.type === 'text' || part.type === 'reasoning') {
      expect(part.state).toBe('done');
      return part.text.startsWith(name) ? [[part.type, part.text]] : [];
    }
    if (part.type !== 'tool-search') return [];
    expect(part).toMatchObject({ state: 'output-available' });
    const { input, output } = part as unknown as { input: { of: string }; output: unknown };
    return input.of.startsWith(name) ? [['tool', JSON.stringify({ input, output })]] : [];
  });
}

const item = fc.record({
  kind: fc.constantFrom('text', 'reasoning', 'tool') as fc.Arbitrary<Item['kind']>,
  id: fc.constantFrom('0', 'txt-0', '0-2'),
  pieces: fc.integer({ min: 1, max: 4 }),
});

const script = fc.record({
  steps: fc.array(fc.array(item, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
  breaksOff: fc.boolean(),
});

describe('R-MERGE-5, R-MERGE-6: streams that are merged at once', () => {
  it('come whole to the readers of both versions, however they mix', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(script, { minLength: 2, maxLength: 4 }),
        fc.boolean(),
        fc.infiniteStream(fc.nat()),
        async (scripts, isFirstByHand, choices) => {
          const sources = scripts.map((each, index) =>
            chunksOf(each, String.fromCharCode(97 + index), index === 0 && isFirstByHand),
          );
          const { task, streamContext } = startOwnTask({
            execute: async ({ writer }) => {
              const outlets = sources.map(({ chunks }, index) => {
                const left = [...chunks];
                if (index === 0 && isFirstByHand) {
                  return { left, send: (chunk: UIMessageChunk) => writer.write(chunk), end() {} };
                }
                let controller: ReadableStreamDefaultController<UIMessageChunk> | undefined;
                writer.merge(
                  new ReadableStream<UIMessageChunk>({
                    start(own) {
                      controller = own;
                    },
                  }),
                );
                return {
                  left,
                  send: (chunk: UIMessageChunk) => controller?.enqueue(chunk),
                  end: () => controller?.close(),
                };
              });
              for (let open = outlets; open.length > 0; ) {
                const [choice = 0] = choices.take(1);
                const outlet = open[choice % open.length];
                const chunk = outlet?.left.shift();
                if (chunk) outlet?.send(chunk);
                else outlet?.end();
                open = chunk ? open : open.filter((other) => other !== outlet);
                await turns(1);
              }
            },
          });
          const live = storedChunksIn(await (await task.toResponse()).text());
          const replay = chunksIn(await (await follow(streamContext, task.taskId)).text());
          for (const chunks of [live, replay]) {
            for (const ai of aiVersions) {
              for (const chunk of chunks) await ai.validateChunk(chunk);
              const errors: unknown[] = [];
              const message = await ai.readMessage(structuredClone(chunks), {
                onError: (error) => errors.push(error),
              });
              expect(errors).toEqual([]);
              sources.forEach(({ outcomes }, index) => {
                expect(outcomesIn(message, String.fromCharCode(97 + index))).toEqual(outcomes);
              });
            }
            const own = chunks.reduce<UIMessage>(reduceUIMessageChunk, {
              id: '',
              role: 'assistant',
              parts: [],
            });
            sources.forEach(({ outcomes }, index) => {
              expect(outcomesIn(own, String.fromCharCode(97 + index))).toEqual(outcomes);
            });
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each(aiVersions)('by streamText of AI SDK $version have parts of their own', async (ai) => {
    const { text } = await runToText({
      execute: ({ writer }) => {
        writer.merge(ai.streamText({ parts: textParts('One ', 'and ', 'one.') }));
        writer.merge(ai.streamText({ parts: textParts('Two ', 'and ', 'two.') }));
      },
    });
    const chunks = storedChunksIn(text);
    const starts = chunks.flatMap((chunk) => (chunk.type === 'text-start' ? chunk.id : []));
    expect(new Set(starts).size).toBe(2);
    for (const { readMessage } of aiVersions) {
      const message = await readMessage(structuredClone(chunks));
      const texts = message?.parts.flatMap((part) => (part.type === 'text' ? part.text : []));
      expect(texts?.sort()).toEqual(['One and one.', 'Two and two.']);
    }
  });

  it('keep their ids where no other stream has them', async () => {
    const { text } = await runToText({
      execute: async ({ writer }) => {
        writer.merge(streamOf(...textOf('a', 'A'), ...textOf('a', 'B')));
        await turns(5);
        writer.merge(streamOf(...textOf('b', 'C')));
      },
    });
    const ids = storedChunksIn(text).flatMap((chunk) =>
      chunk.type === 'text-start' ? chunk.id : [],
    );
    expect(ids).toEqual(['a', 'a', 'b']);
  });

  it('get no id in place of another that they have themselves', async () => {
    const call = (toolCallId: string, input: string): UIMessageChunk[] => [
      { type: 'tool-input-available', toolCallId, toolName: 'search', input },
      { type: 'tool-output-available', toolCallId, output: input.toUpperCase() },
    ];
    const { text } = await runToText({
      execute: async ({ writer }) => {
        writer.merge(streamOf(...call('c', 'a')));
        await turns(5);
        writer.merge(streamOf(...call('c', 'b'), ...call('c-2', 'c'), ...textOf('t', 'T')));
        await turns(5);
        writer.merge(streamOf(...textOf('t', 'U'), ...call('c-2', 'd'), ...textOf('t-2', 'V')));
      },
    });
    const [ai] = aiVersions;
    const message = await ai?.readMessage(storedChunksIn(text));
    expect(outcomesBriefly(message)).toEqual(['a A', 'b B', 'c C', 'T', 'U', 'd D', 'V']);
  });

  it('may go on with a part that was begun by hand, and by hand with one of theirs', async () => {
    const { text } = await runToText({
      execute: async ({ writer }) => {
        writer.write({ type: 'text-start', id: 'a' });
        writer.merge(
          streamOf(
            { type: 'text-delta', id: 'a', delta: 'A' },
            { type: 'text-end', id: 'a' },
            { type: 'tool-input-available', toolCallId: 'c', toolName: 's', input: {} },
          ),
        );
        await turns(5);
        writer.write({ type: 'tool-output-available', toolCallId: 'c', output: 1 });
      },
    });
    const [ai] = aiVersions;
    const message = await ai?.readMessage(storedChunksIn(text));
    expect(message?.parts).toMatchObject([
      { type: 'data-task' },
      { type: 'text', text: 'A', state: 'done' },
      { type: 'tool-s', state: 'output-available', output: 1 },
      { type: 'data-task-settle' },
    ]);
  });
});

describe('R-MERGE-6: a step that is begun anew', () => {
  const [ai] = aiVersions;

  it('is taken back when nobody else has added to it', async () => {
    const { text } = await runToText({
      execute: ({ writer }) =>
        writer.merge(
          streamOf(
            { type: 'start-step' },
            { type: 'text-start', id: 't' },
            { type: 'text-delta', id: 't', delta: 'Wrong' },
            { type: 'reset-step' } as never,
            ...textOf('t', 'Right'),
            { type: 'finish-step' },
          ),
        ),
    });
    const message = await ai?.readMessage(storedChunksIn(text));
    expect(message?.parts.flatMap((part) => (part.type === 'text' ? part.text : []))).toEqual([
      'Right',
    ]);
  });

  it('is left as it is when it would take away what others have added', async () => {
    const { text } = await runToText({
      execute: async ({ writer }) => {
        writer.merge(
          streamOf(
            { type: 'start-step' },
            { type: 'text-start', id: 't' },
            { type: 'text-delta', id: 't', delta: 'Other' },
          ),
        );
        await turns(5);
        writer.merge(
          streamOf(
            { type: 'text-start', id: 't' },
            { type: 'text-delta', id: 't', delta: 'Half' },
            { type: 'tool-input-available', toolCallId: 'c', toolName: 's', input: {} },
            { type: 'reset-step' } as never,
            ...textOf('t', 'Whole'),
          ),
        );
      },
    });
    const errors: unknown[] = [];
    const message = await ai?.readMessage(storedChunksIn(text), {
      onError: (error) => errors.push(error),
    });
    expect(errors).toEqual([]);
    expect(message?.parts.slice(1)).toMatchObject([
      { type: 'step-start' },
      { type: 'text', text: 'Other', state: 'done' },
      { type: 'text', text: 'Half', state: 'done' },
      { type: 'tool-s', state: 'output-error' },
      { type: 'text', text: 'Whole', state: 'done' },
      { type: 'data-task-settle' },
    ]);
  });
});

/** The texts of a message, and the inputs and outputs of its tool calls. */
function outcomesBriefly(message: UIMessage | undefined): string[] {
  return (message?.parts ?? []).flatMap((part) => {
    if (part.type === 'text') return part.text;
    return 'toolCallId' in part ? `${part.input} ${part.output}` : [];
  });
}

function textOf(id: string, delta: string): UIMessageChunk[] {
  return [
    { type: 'text-start', id },
    { type: 'text-delta', id, delta },
    { type: 'text-end', id },
  ];
}

function streamOf(...chunks: UIMessageChunk[]): ReadableStream<UIMessageChunk> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}
