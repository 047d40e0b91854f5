import type { UIMessageChunk } from 'ai';
import type { ChunkSource } from '../log/chunk-source';
import { createDeferred, type Deferred } from '../time/deferred';
import { nextTurn } from '../time/next-turn';
import { pause } from '../time/pause';

/** Lets something be done where no part is open, and every merged stream stands between two steps. */
export interface StepBoundary {
  /** Whether somebody waits for the boundary, so that streams which stand at theirs have to stop. */
  readonly isAwaited: boolean;
  /**
   * To be called with each chunk of a stream while the boundary is awaited, before it is taken.
   * Resolves once the stream may go on: at once, unless it stands between two steps.
   */
  moved(source: ChunkSource, chunk: UIMessageChunk): Promise<void>;
  /** To be called when anything may have changed while the boundary is awaited. */
  look(): void;
  /**
   * Waits for the boundary, for `withinMs` milliseconds at most, and does `action` right there, so
   * that nothing comes between. One wait at a time. Resolves with whether it was done.
   */
  reach(action: () => void, withinMs: number): Promise<boolean>;
  /** From now on, nothing is waited for. */
  end(): void;
}

/** How many turns of the event loop in a row bring nothing of a stream that has nothing at hand. */
const idleTurns = 2;

/** After how many turns to look less often, and how long to pause then, in milliseconds. */
const busyTurns = 20;
const pauseMs = 5;

/** Types of chunks that belong to the step before them. */
const endTypes = new Set(['finish', 'message-metadata', 'abort', 'error']);

/** How a stream stands since the boundary is awaited. */
interface Standing {
  /** How many turns in a row have brought nothing. */
  idle: number;
  /** Whether there was a time at which nothing was at hand, so that what comes now is new. */
  isCaughtUp: boolean;
  /** Whether its next chunk waits for the boundary to be passed. */
  isHeld: boolean;
}

/**
 * What the work has heard of a stream may not have been read of it yet. So a stream is held, or counts
 * as standing between its steps, only once all has been read that was at hand when the boundary was
 * asked for, and what ends the step with it.
 */
export function createStepBoundary({
  sources,
  standsBetweenSteps,
  isNothingOpen,
}: {
  /** The streams that are being merged. */
  sources: () => Iterable<ChunkSource>;
  /** Whether a stream stands between two steps, by what was read of it. */
  standsBetweenSteps: (source: ChunkSource) => boolean;
  /** Whether no part is open. */
  isNothingOpen: () => boolean;
}): StepBoundary {
  let action: (() => void) | undefined;
  // Resolves with whether the action was done. Set while the boundary is awaited.
  let waiting: Deferred<boolean> | undefined;
  const standings = new Map<ChunkSource, Standing>();

  const standingOf = (source: ChunkSource): Standing => {
    const standing = standings.get(source) ?? { idle: -1, isCaughtUp: false, isHeld: false };
    standings.set(source, standing);
    return standing;
  };

  const isIdle = (source: ChunkSource) => standingOf(source).idle >= idleTurns;

  const stands = (source: ChunkSource) =>
    standsBetweenSteps(source) && (standingOf(source).isHeld || isIdle(source));

  const stop = (isDone: boolean) => {
    const { resolve } = waiting ?? {};
    waiting = undefined;
    boundary.isAwaited = false;
    action = undefined;
    standings.clear();
    resolve?.(isDone);
  };

  const look = () => {
    if (!action || !isNothingOpen()) return;
    for (const source of sources()) if (!stands(source)) return;
    action();
    stop(true);
  };

  /** Takes note of a turn of the event loop, and tells whether the next one may change anything. */
  const noteTurn = (): boolean => {
    let mayChange = false;
    for (const source of sources()) {
      const standing = standingOf(source);
      standing.idle = source.isPaused ? -1 : standing.idle + 1;
      standing.isCaughtUp ||= isIdle(source);
      mayChange ||= !standing.isCaughtUp || (standsBetweenSteps(source) && !stands(source));
    }
    return mayChange;
  };

  /** Finds out which streams have nothing at hand. */
  const watch = async (own: Deferred<boolean>) => {
    let mayChange = true;
    for (let turns = 0; waiting === own; turns++) {
      if (!mayChange) turns = 0;
      await (mayChange && turns < busyTurns ? nextTurn() : pause(pauseMs));
      if (waiting !== own) return;
      mayChange = noteTurn();
      look();
    }
  };

  const boundary = {
    // A plain property and no getter, because it is looked at with each merged chunk.
    isAwaited: false,
    async moved(source: ChunkSource, chunk: UIMessageChunk) {
      const standing = standingOf(source);
      standing.idle = -1;
      while (waiting && standing.isCaughtUp && standsBetweenSteps(source)) {
        if (endTypes.has(chunk.type)) return;
        standing.isHeld = true;
        look();
        await waiting?.promise;
      }
    },
    look,
    async reach(ownAction: () => void, withinMs: number) {
      waiting = createDeferred<boolean>();
      boundary.isAwaited = true;
      action = ownAction;
      const own = waiting;
      const timer = setTimeout(() => stop(false), withinMs);
      try {
        look();
        void watch(own);
        return await own.promise;
      } finally {
        clearTimeout(timer);
      }
    },
    end: () => stop(false),
  };
  return boundary;
}
