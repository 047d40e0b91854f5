/** The right to tell the host of an outcome, which one holder has at a time. */
export interface OutcomeClaim {
  /** What the task was opened with as `continued`. */
  readonly continued?: string;
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
