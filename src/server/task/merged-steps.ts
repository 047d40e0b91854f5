import type { UIMessage, UIMessageChunk } from 'ai';
import type { ChunkSource } from '../log/chunk-source';
import {
  leaveToPage,
  nothingOpen,
  type OpenPart,
  type OpenParts,
  trackChunk,
  withAnsweredCalls,
} from '../log/open-parts';
import { endOfPart } from '../log/part-ends';
import { partStarts } from './part-names';

const nothing: readonly UIMessageChunk[] = [];

/** These are a part of the newest step by themselves. */
const wholeParts = new Set(['file', 'reasoning-file', 'source-url', 'source-document', 'custom']);

/** What a call is told whose step was begun anew though it cannot be taken back. */
const begunAnew = 'The model began its answer anew.';

/** The boundaries of steps, and the parts that are open, in a log that several streams share. */
export interface MergedSteps {
  /** Takes note of a chunk that is sent. */
  track(chunk: UIMessageChunk, source: ChunkSource): void;
  /** The chunks that are sent in place of a boundary that a source brings. */
  pass(
    type: 'start-step' | 'finish-step' | 'reset-step',
    source: ChunkSource,
  ): readonly UIMessageChunk[];
  /** Nothing will come from the source any more. */
  leave(source: ChunkSource): void;
  /** Who finished a step whose end is held back; nobody, mostly. */
  readonly dueFrom: ChunkSource | undefined;
  /** Whether the end that is held back may be sent now. */
  readonly isDue: boolean;
  /** It is sent. */
  finished(): void;
  readonly openParts: OpenParts;
}

/**
 * Readers know one step at a time. AI SDK 6 forgets all open texts where one is finished, and then
 * throws at their next delta; both majors look for a tool call whose input is on its way in the
 * newest step only, and take it for another call if it began before; and a step that is reset
 * takes away whatever it holds. So the end of a step waits for the texts and the steps of the
 * other sources, a step does not begin within the input of another source's call, and one that
 * others have added to is not taken back.
 *
 * @param continued The message that the task continues.
 */
export function createMergedSteps(continued?: UIMessage): MergedSteps {
  let openParts = withAnsweredCalls(nothingOpen, continued);
  // Those who added parts since the newest step began.
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

  /** Whether the input of another source's tool call is on its way. */
  const isWithinInput = (besides: ChunkSource) =>
    isAnyOpen(
      ({ stage, source }) =>
        stage === 'input-streaming' && source !== besides && source?.hasEnded === false,
    );

  /** Whether others have added to the newest step. */
  const isShared = (besides: ChunkSource) =>
    [...contributors].some((contributor) => contributor !== besides) ||
    isAnyOpen(({ kind, source }) => kind !== 'tool' && source !== besides) ||
    isWithinInput(besides);

  /** Forgets the parts of a source that are of some kinds, and gives the chunks that end them. */
  const endParts = (source: ChunkSource, kinds: readonly OpenPart['kind'][]) => {
    const own = [...openParts.values()].filter((part) => part.source === source);
    const ends = kinds.flatMap((kind) =>
      own.filter((part) => part.kind === kind).map((part) => endOfPart(part, begunAnew)),
    );
    for (const end of ends) openParts = trackChunk(openParts, end);
    return ends;
  };

  const start = (source: ChunkSource) => {
    // What steps by hand are for is not known, so nobody waits for their end.
    if (source.isMerged) open.add(source);
    if (isWithinInput(source)) return nothing;
    // A new step ends the one before.
    dueFrom = undefined;
    newest = source;
    contributors.clear();
    return [{ type: 'start-step' } as const];
  };

  const finish = (source: ChunkSource) => {
    open.delete(source);
    const ends = endParts(source, ['text', 'reasoning']);
    openParts = leaveToPage(openParts, source);
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
    track(chunk, source) {
      openParts = trackChunk(openParts, chunk, { source });
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
    get openParts() {
      return openParts;
    },
  };
}
