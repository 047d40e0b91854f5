import type { UIMessageChunk } from 'ai';
import { describe, expect, it } from 'vitest';
import { aiVersions } from '../helpers/ai-versions';
import { fc } from '../helpers/fast-check';
import { compact, snapshot } from './compacted';

/** One thing that a model or a task does next; where it makes no sense it does nothing. */
type Move =
  | {
      kind: 'start' | 'delta' | 'end';
      part: 'text' | 'reasoning' | 'tool';
      slot: number;
      text: string;
      metadata: number | null | undefined;
    }
  | { kind: 'snapshot'; slot: number }
  | { kind: 'log' | 'partial' | 'metadata' | 'odd' | 'reset' | 'step' };

const part = fc.constantFrom('text' as const, 'reasoning' as const, 'tool' as const);
const slot = fc.nat(1);

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'start' as const,
        'delta' as const,
        'delta' as const,
        'delta' as const,
        'delta' as const,
        'end' as const,
      ),
      part,
      slot,
      text: fc.string({ maxLength: 3, unit: 'binary' }),
      metadata: fc.option(fc.option(fc.nat(9), { nil: undefined }), { nil: null }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('snapshot' as const), slot }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'log' as const,
        'partial' as const,
        'metadata' as const,
        'odd' as const,
        'reset' as const,
        'step' as const,
      ),
    }),
  },
);

/** Turns moves into a stream of chunks that the AI SDK takes. */
function play(moves: readonly Move[], version: 6 | 7): UIMessageChunk[] {
  const chunks: unknown[] = [{ type: 'start', messageId: 'm' }, snapshot('root', 0)];
  const open = new Map<string, string>();
  let count = 0;
  for (const next of moves) {
    count++;
    switch (next.kind) {
      case 'start':
      case 'delta':
      case 'end': {
        const key = `${next.part}${next.slot}`;
        const id = open.get(key);
        const isTool = next.part === 'tool';
        const providerMetadata =
          next.metadata === undefined
            ? {}
            : { providerMetadata: next.metadata && { p: { n: next.metadata } } };
        if (next.kind === 'start' && id === undefined) {
          const newId = isTool ? `${key}-${count}` : key;
          open.set(key, newId);
          chunks.push(
            isTool
              ? { type: 'tool-input-start', toolCallId: newId, toolName: 'search' }
              : { type: `${next.part}-start`, id: newId },
          );
        } else if (next.kind === 'delta' && id !== undefined) {
          chunks.push(
            isTool
              ? { type: 'tool-input-delta', toolCallId: id, inputTextDelta: next.text }
              : { type: `${next.part}-delta`, id, delta: next.text, ...providerMetadata },
          );
        } else if (next.kind === 'end' && id !== undefined) {
          open.delete(key);
          chunks.push(
            isTool
              ? {
                  type: 'tool-input-available',
                  toolCallId: id,
                  toolName: 'search',
                  input: { count },
                }
              : { type: `${next.part}-end`, id },
          );
        }
        break;
      }
      case 'snapshot':
        chunks.push(snapshot(next.slot === 0 ? 'root' : 'inner', count));
        break;
      case 'log':
      case 'partial':
        chunks.push({
          type: `data-task-${next.kind}`,
          id: `root:${count}`,
          data: { taskId: 'root', index: count },
          transient: true,
        });
        break;
      case 'metadata':
        chunks.push({ type: 'message-metadata', messageMetadata: { [`key${count % 3}`]: count } });
        break;
      case 'odd': {
        const id = open.get('text0');
        if (id !== undefined) chunks.push({ type: 'text-delta', id, delta: 'odd', unknown: count });
        break;
      }
      case 'step':
        open.clear();
        chunks.push({ type: 'finish-step' }, { type: 'start-step' });
        break;
      case 'reset':
        if (version === 6) break;
        open.clear();
        chunks.push({ type: 'reset-step' });
        break;
    }
  }
  return chunks as UIMessageChunk[];
}

const isDelta = ({ type }: { type: string }) => /^(text|reasoning|tool-input)-delta$/.test(type);

describe.each(aiVersions)(
  'what AI SDK $version makes of a compacted replay',
  ({ version, readMessage }) => {
    const stream = fc.array(move, { maxLength: 60 }).map((moves) => play(moves, version));

    it('is the same message as of the full log', async () => {
      await fc.assert(
        fc.asyncProperty(stream, async (chunks) => {
          const frames = compact(chunks);
          const fewer = frames.map(({ data }) => JSON.parse(data) as UIMessageChunk);
          const errors: unknown[] = [];
          const onError = (error: unknown) => errors.push(error);
          expect(await readMessage(fewer, { onError })).toEqual(
            await readMessage(chunks, { onError }),
          );
          expect(errors).toEqual([]);
        }),
        { numRuns: 300 },
      );
    });

    it('is the same message after a cut anywhere and a compacted replay of the rest', async () => {
      await fc.assert(
        fc.asyncProperty(stream, fc.nat(), fc.nat(), async (chunks, cutSeed, endSeed) => {
          // The first connection sees a log that is still growing.
          const seen = 1 + (endSeed % chunks.length);
          const before = compact(chunks, 0, seen);
          const received = before.slice(0, 1 + (cutSeed % before.length));
          const rest = compact(chunks, (received.at(-1)?.n ?? -1) + 1);
          const all = [...received, ...rest].map(({ data }) => JSON.parse(data) as UIMessageChunk);
          expect(await readMessage(all)).toEqual(await readMessage(chunks));
        }),
        { numRuns: 300 },
      );
    });

    it('comes from frames whose numbers ascend, and of which only deltas and snapshots are fewer', () => {
      fc.assert(
        fc.property(stream, (chunks) => {
          const frames = compact(chunks);
          const numbers = frames.map(({ n }) => n);
          expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
          expect(numbers.at(-1)).toBe(chunks.length - 1);
          const isKept = (chunk: { type: string }) => chunk.type !== 'data-task' && !isDelta(chunk);
          const kept = frames.map(({ n, data }) => ({
            n,
            chunk: JSON.parse(data) as { type: string },
          }));
          expect(kept.filter(({ chunk }) => isKept(chunk))).toEqual(
            chunks.map((chunk, n) => ({ n, chunk })).filter(({ chunk }) => isKept(chunk)),
          );
          for (const { n, chunk } of kept) if (!isDelta(chunk)) expect(chunk).toEqual(chunks[n]);
          for (const type of ['text-delta', 'reasoning-delta', 'tool-input-delta']) {
            const textOf = (list: readonly unknown[]) =>
              (list as Record<string, string>[])
                .filter((chunk) => chunk.type === type)
                .map((chunk) => chunk.delta ?? chunk.inputTextDelta)
                .join('');
            expect(textOf(kept.map(({ chunk }) => chunk))).toBe(textOf(chunks));
          }
        }),
        { numRuns: 300 },
      );
    });
  },
);
