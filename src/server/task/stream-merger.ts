import type { UIMessageChunk } from 'ai';
import { type ChunkSource, createChunkSource } from '../log/chunk-source';
import type { TaskLog } from '../log/task-stream-context';
import { nextTurn } from '../time/next-turn';
import type { StepBoundary } from './step-boundary';

/** Reads the streams that are merged into a task. */
export interface StreamMerger {
  /** The streams that are being read. */
  readonly sources: Iterable<ChunkSource>;
  merge(stream: ReadableStream<UIMessageChunk>): void;
  /** Resolves when no merge is under way. */
  merged(): Promise<void>;
  /** Leaves all streams, and reads no more. Idempotent. */
  end(): void;
}

/** How long streams are read in a row before other work of the process gets a turn, in milliseconds. */
const maxTurnMs = 2;

/** After how many chunks to look at the clock, which costs as much as reading a chunk. */
const chunksPerLook = 16;

/** Creates a merger. Streams are read one chunk at a time, and not while the storage is behind. */
export function createStreamMerger({
  log,
  boundary,
  write,
  onError,
  onEnd,
}: {
  log: Pick<TaskLog, 'isBehind' | 'caughtUp'>;
  boundary: Pick<StepBoundary, 'isAwaited' | 'moved'>;
  write: (chunk: UIMessageChunk, source: ChunkSource) => void;
  /** Gets what a stream failed with, or what `write` threw, which ends the stream. */
  onError: (error: unknown) => void;
  /** Called when nothing comes from a source any more. */
  onEnd: (source: ChunkSource) => void;
}): StreamMerger {
  const merges = new Set<Promise<void>>();
  const readers = new Set<ReadableStreamDefaultReader<UIMessageChunk>>();
  const sources = new Set<ChunkSource>();
  let hasEnded = false;

  const readAll = async (
    reader: ReadableStreamDefaultReader<UIMessageChunk>,
    source: ChunkSource,
  ) => {
    let turnStartedAt = performance.now();
    try {
      for (let count = 1; ; count++) {
        const { done, value } = await reader.read();
        if (done || hasEnded) return;
        if (boundary.isAwaited) await boundary.moved(source, value);
        if (hasEnded) return;
        write(value, source);
        if (log.isBehind) await pausing(source, log.caughtUp());
        if (count % chunksPerLook !== 0) continue;
        if (performance.now() - turnStartedAt < maxTurnMs) continue;
        await pausing(source, nextTurn());
        turnStartedAt = performance.now();
      }
    } catch (error) {
      if (hasEnded) return;
      onError(error);
      await reader.cancel(error).catch(ignoreCancelFailure);
    } finally {
      readers.delete(reader);
      sources.delete(source);
      source.hasEnded = true;
      onEnd(source);
    }
  };

  return {
    sources,
    merge(stream) {
      const reader = stream.getReader();
      readers.add(reader);
      const source = createChunkSource({ isMerged: true });
      sources.add(source);
      const merging = readAll(reader, source).finally(() => merges.delete(merging));
      merges.add(merging);
    },
    async merged() {
      while (merges.size > 0) await Promise.all(merges);
    },
    end() {
      hasEnded = true;
      for (const reader of readers) reader.cancel().catch(ignoreCancelFailure);
    },
  };
}

/** Waits, and does not read a source meanwhile. */
async function pausing(source: ChunkSource, waiting: Promise<void>): Promise<void> {
  source.isPaused = true;
  await waiting;
  source.isPaused = false;
}

/** For sources that fail when they are left, which changes nothing any more. */
function ignoreCancelFailure(): void {}
