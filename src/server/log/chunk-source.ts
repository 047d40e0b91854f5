/**
 * Where chunks come from. Each merged stream is a source of its own, and so is all that `execute`
 * writes by hand.
 */
export interface ChunkSource {
  readonly isMerged: boolean;
  /** Whether nothing can come from the source any more. */
  hasEnded: boolean;
  /** Whether anything has come from the source but the `start` of its message. */
  hasBegun: boolean;
  /** Whether the source is not read for the moment, although it may have more. */
  isPaused: boolean;
  /**
   * The names in the log of parts that were renamed, by the source's own names. `undefined` for most
   * sources, so that nothing is looked up for their deltas.
   */
  names: Map<string, string> | undefined;
  /** The ids of the source's tool calls that could not be sent, and have failed for readers. */
  failedCalls: Set<string> | undefined;
  /** How many chunks of the source in a row were left out. */
  leftOut: number;
}

export function createChunkSource({ isMerged }: { isMerged: boolean }): ChunkSource {
  return {
    ...{ isMerged, hasEnded: false, hasBegun: false, isPaused: false },
    ...{ names: undefined, failedCalls: undefined, leftOut: 0 },
  };
}
