import type { UIMessage, UIMessageChunk } from 'ai';
import type { ChunkSource } from '../log/chunk-source';
import {
  addAnsweredCalls,
  type OpenPart,
  type OpenParts,
  type OpenPartsNow,
  trackChunk,
} from '../log/open-parts';
import { endOfPart, isEndedByFailure } from '../log/part-ends';
import { partStarts } from './part-names';

const nothing: readonly UIMessageChunk[] = [];

/** Types of chunks that are a whole part of the newest step by themselves. */
const wholeParts = new Set(['file', 'reasoning-file', 'source-url', 'source-document', 'custom']);

/** The error of a tool call whose step was begun anew, but could not be taken back. */
const begunAnew = 'The model began its answer anew.';

/** The boundaries of steps, and the parts that are open, in a log that several streams share. */
export interface MergedSteps {
  /** Takes note of a chunk that an earlier attempt has sent. A `start` chunk begins anew. */
  recall(chunk: UIMessageChunk): void;
  /** Takes note of a chunk that is sent. */
  track(chunk: UIMessageChunk, source: ChunkSource): void;
  /** The chunks to send in place of a step's boundary that a source brings. */
  pass(
    type: 'start-step' | 'finish-step' | 'reset-step',
    source: ChunkSource,
  ): readonly UIMessageChunk[];
  /** To be called when nothing will come from a source any more. */
  leave(source: ChunkSource): void;
  /** The source that finished a step whose end is held back; mostly `undefined`. */
  readonly dueFrom: ChunkSource | undefined;
  /** Whether the step's end that is held back may be sent now. */
  readonly isDue: boolean;
  /** To be called when the step's end that was held back is sent. */
  finished(): void;
  /**
   * The parts that keep the log from a place at which another attempt could go on: all but calls that
   * wait for the page, and parts of the continued message that the task has not taken up.
   *
   * @param source Default: those of all sources.
   */
  unfinished(source?: ChunkSource): readonly OpenPart[];
  /** Whether a merged stream is within a step of its own. */
  isWithinStep(source: ChunkSource): boolean;
  readonly openParts: OpenParts;
}

/**
 * Clients of the AI SDK know one step at a time, so the steps of several sources have to be merged:
 *
 * - AI SDK 6 forgets all open texts when a step is finished, and throws at their next delta. So the
 *   end of a step is held back until the texts and steps of the other sources have ended.
 * - Both majors look for a tool call whose input is streaming in the newest step only, and else take
 *   it for another call. So no step begins while the input of another source's call is streaming.
 * - A step that is reset takes away all that it holds. So a step that other sources have added to is
 *   not reset.
 *
 * @param continued The message that the task continues.
 */
export function createMergedSteps(continued?: UIMessage): MergedSteps {
  const openParts: OpenPartsNow = new Map();
  addAnsweredCalls(openParts, continued);
  // The sources that have added parts since the newest step began.
  const contributors = new Set<ChunkSource>();
  // Merged streams that are within a step.
  const open = new Set<ChunkSource>();
  let newest: ChunkSource | undefined;
  let dueFrom: ChunkSource | undefined;

  const isAnyOpen = (isMeant: (part: OpenPart) => boolean) => {
    for (const part of openParts.values()) if (isMeant(part)) return true;
    return false;
  };

  const canFinish = () => open.size === 0 && !isAnyOpen(({ kind }) => kind !== 'tool');

  /** Whether the input of another source's tool call is streaming. */
  const isWithinInput = (besides: ChunkSource) =>
    isAnyOpen(
      ({ stage, source }) =>
        stage === 'input-streaming' && source !== besides && source?.hasEnded === false,
    );

  /** Whether other sources have added to the newest step. */
  const isShared = (besides: ChunkSource) =>
    [...contributors].some((contributor) => contributor !== besides) ||
    isAnyOpen(({ kind, source }) => kind !== 'tool' && source !== besides) ||
    isWithinInput(besides);

  /** Forgets a source's open parts of the given kinds, and returns the chunks that end them. */
  const endParts = (source: ChunkSource, kinds: readonly OpenPart['kind'][]) => {
    const own = [...openParts.values()].filter((part) => part.source === source);
    const ends = kinds.flatMap((kind) =>
      own.filter((part) => part.kind === kind).map((part) => endOfPart(part, begunAnew)),
    );
    for (const end of ends) trackChunk(openParts, end);
    return ends;
  };

  const start = (source: ChunkSource) => {
    // Steps written by hand may never be finished, so nothing waits for their end.
    if (source.isMerged) open.add(source);
    if (isWithinInput(source)) return nothing;
    // A new step ends the step before it, so no end is due any more.
    dueFrom = undefined;
    newest = source;
    contributors.clear();
    return [{ type: 'start-step' } as const];
  };

  const finish = (source: ChunkSource) => {
    open.delete(source);
    const ends = endParts(source, ['text', 'reasoning']);
    trackChunk(openParts, { type: 'finish-step' }, { source });
    if (canFinish()) return [...ends, { type: 'finish-step' } as const];
    dueFrom = source;
    return ends;
  };

  const reset = (source: ChunkSource) => {
    const isOwn = newest === undefined || newest === source;
    if (!isOwn || isShared(source)) return endParts(source, ['text', 'reasoning', 'tool']);
    contributors.clear();
    return [{ type: 'reset-step' } as const];
  };

  return {
    recall(chunk) {
      if (chunk.type === 'start') {
        openParts.clear();
        addAnsweredCalls(openParts, continued);
      }
      trackChunk(openParts, chunk);
    },
    track(chunk, source) {
      trackChunk(openParts, chunk, { source });
      if (partStarts.has(chunk.type) || wholeParts.has(chunk.type)) contributors.add(source);
    },
    pass(type, source) {
      if (type === 'start-step') return start(source);
      return type === 'finish-step' ? finish(source) : reset(source);
    },
    leave(source) {
      open.delete(source);
    },
    get dueFrom() {
      return dueFrom;
    },
    get isDue() {
      return dueFrom !== undefined && canFinish();
    },
    finished() {
      dueFrom = undefined;
    },
    unfinished: (source) =>
      [...openParts.values()].filter(
        (part) =>
          isEndedByFailure(part) && !part.isContinued && (!source || part.source === source),
      ),
    isWithinStep: (source) => open.has(source),
    openParts,
  };
}
