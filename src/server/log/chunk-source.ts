/**
 * Where chunks come from. Each merged stream is a source of its own; what `execute` writes by hand
 * is one, too.
 */
export interface ChunkSource {
  readonly isMerged: boolean;
  /** Whether nothing can come from it any more. */
  hasEnded: boolean;
  /**
   * What its parts are called in the log, where that is not what it calls them itself. Most have
   * none, so that nobody has to look anything up for their deltas.
   */
  names: Map<string, string> | undefined;
  /** Its tool calls that could not be carried and are over for readers, by id. */
  failedCalls: Set<string> | undefined;
  /** How many of its chunks in a row were left out. */
  leftOut: number;
}

export function createChunkSource({ isMerged }: { isMerged: boolean }): ChunkSource {
  return { isMerged, hasEnded: false, names: undefined, failedCalls: undefined, leftOut: 0 };
}
