import type { UIMessageChunk } from 'ai';
import type { ChunkSource } from '../log/chunk-source';
import type { OpenParts } from '../log/open-parts';

const nothing: readonly UIMessageChunk[] = [];

/** What a call is told whose step was begun anew though it cannot be taken back. */
const begunAnew = 'The model began its answer anew.';

/** The boundaries of steps, in a log that several streams share. */
export interface MergedSteps {
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
}

/**
 * Readers know one step at a time. AI SDK 6 forgets all open texts where one is finished, and then
 * throws at their next delta; both majors look for a tool call whose input is on its way in the
 * newest step only, and take it for another call if it began before; and a step that is reset
 * takes away whatever it holds. So the end of a step waits for the texts and the steps of the
 * other sources, a step does not begin within the input of another source's call, and one that
 * others have added to is not taken back.
 */
export function createMergedSteps(openParts: OpenParts): MergedSteps {
  // Merged streams that are within a step.
  const open = new Set<ChunkSource>();
  let newest: ChunkSource | undefined;
  let dueFrom: ChunkSource | undefined;

  const canFinish = () => open.size === 0 && !openParts.hasTexts();

  const start = (source: ChunkSource) => {
    // What steps by hand are for is not known, so nobody waits for their end.
    if (source.isMerged) open.add(source);
    if (openParts.hasInputs(source)) return nothing;
    // A new step ends the one before.
    dueFrom = undefined;
    newest = source;
    return [{ type: 'start-step' } as const];
  };

  const finish = (source: ChunkSource) => {
    open.delete(source);
    const ends = openParts.endTexts(source);
    openParts.leaveToPage(source);
    if (canFinish()) return [...ends, { type: 'finish-step' } as const];
    dueFrom = source;
    return ends;
  };

  const reset = (source: ChunkSource) => {
    const isOwn = newest === undefined || newest === source;
    const isShared =
      openParts.isStepShared(source) || openParts.hasTexts(source) || openParts.hasInputs(source);
    if (isOwn && !isShared) return [{ type: 'reset-step' } as const];
    return [...openParts.endTexts(source), ...openParts.endCalls(source, begunAnew)];
  };

  return {
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
  };
}
