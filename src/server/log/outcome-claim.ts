/** The right to tell the host of an outcome, which one holder has at a time. */
export interface OutcomeClaim {
  /** What the task was opened with as `continued`. */
  readonly continued?: string;
  /**
   * Makes sure, right before the host is told, that the claim is still its holder's: it may have lapsed
   * while the process got no turn. `false`: somebody else has it, or the host was told. Default: it is.
   */
  keep?(): Promise<boolean>;
  /** Ends the claim. If the host was told, the task stops being its chat's active one. */
  release(options: { isSaved: boolean }): Promise<void>;
}

/**
 * What came of an attempt to claim an outcome. `running`: the task is not over yet. `held`: somebody
 * else holds the claim; it may be worth another attempt after `waitMs` milliseconds.
 */
export type OutcomeClaiming =
  | { readonly kind: 'running' }
  | { readonly kind: 'held'; readonly waitMs: number }
  | { readonly kind: 'claimed'; readonly claim: OutcomeClaim };
