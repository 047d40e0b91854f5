import type { ChunkSource } from '../log/chunk-source';
import { createDeferred, type Deferred } from '../time/deferred';
import { nextTurn } from '../time/next-turn';
import { pause } from '../time/pause';

/** Lets something be done where no part is open, and every merged stream stands between two steps. */
export interface StepBoundary {
  /** Whether somebody waits for the boundary, so that streams which stand at theirs have to stop. */
  readonly isAwaited: boolean;
  /** To be called for each chunk of a stream while the boundary is awaited. */
  moved(source: ChunkSource): void;
  /** Resolves once a stream may go on: at once, unless it stands at its boundary. */
  passed(source: ChunkSource): Promise<void>;
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

/**
 * What the work has heard of a stream may not have been read of it yet. So a stream stands at its
 * boundary only once all that was at hand when the boundary was asked for has been read.
 *
 * @param standsBetweenSteps Whether a stream stands between two steps, by what was read of it.
 * @param isNothingOpen Whether nothing else is open.
 */
export function createStepBoundary({
  sources,
  standsBetweenSteps,
  isNothingOpen,
}: {
  /** The streams that are being merged. */
  sources: () => Iterable<ChunkSource>;
  standsBetweenSteps: (source: ChunkSource) => boolean;
  isNothingOpen: () => boolean;
}): StepBoundary {
  let action: (() => void) | undefined;
  // Resolves with whether the action was done. Set while the boundary is awaited.
  let waiting: Deferred<boolean> | undefined;
  // How many turns have brought nothing of a stream, since the boundary is awaited.
  const idle = new Map<ChunkSource, number>();

  const isCaughtUp = (source: ChunkSource) => (idle.get(source) ?? 0) >= idleTurns;
  const stands = (source: ChunkSource) => isCaughtUp(source) && standsBetweenSteps(source);

  const stop = (isDone: boolean) => {
    const { resolve } = waiting ?? {};
    waiting = undefined;
    action = undefined;
    idle.clear();
    resolve?.(isDone);
  };

  const look = () => {
    if (!action || !isNothingOpen()) return;
    for (const source of sources()) if (!stands(source)) return;
    action();
    stop(true);
  };

  /** Finds out which streams have nothing at hand. */
  const watch = async (own: Deferred<boolean>) => {
    for (let turns = 0; waiting === own; turns++) {
      if ([...sources()].every(isCaughtUp)) await pause(pauseMs);
      else if (turns < busyTurns) await nextTurn();
      else await pause(pauseMs);
      if (waiting !== own) return;
      for (const source of sources()) {
        // Once a stream had nothing at hand, whatever comes of it is new.
        if (!isCaughtUp(source))
          idle.set(source, source.isPaused ? 0 : (idle.get(source) ?? -1) + 1);
      }
      look();
    }
  };

  return {
    get isAwaited() {
      return waiting !== undefined;
    },
    moved(source) {
      if (!isCaughtUp(source)) idle.set(source, -1);
    },
    async passed(source) {
      while (waiting && stands(source)) await waiting.promise;
    },
    look,
    async reach(ownAction, withinMs) {
      waiting = createDeferred<boolean>();
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
}
