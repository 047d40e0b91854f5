/** What is known of a producer in another process: whether it lives, and when to look again. */
export interface ProducerSigns {
  readonly heartbeatMs: number;
  /** How long a living producer may take to begin a lost log anew, in milliseconds. */
  readonly returnMs: number;
  readonly isAlive: boolean;
  /**
   * In how many milliseconds nothing was heard for a heartbeat, neither from the producer nor by a look
   * at the log, or the lease has run out.
   */
  dueMs(): number;
  /** To be called at a sign that the producer has renewed its lease. */
  renewed(): void;
  /** To be called when a look has found how much is left of the lease; 0 when it has lapsed. */
  looked(leaseLeftMs: number): void;
  /** To be called when the log is another one by now, with the lease of its producer. */
  change(leaseMs: number): void;
}

export function createProducerSigns(initialLeaseMs: number): ProducerSigns {
  let leaseMs = initialLeaseMs;
  // When something was heard last, and when the lease ends for sure, by `performance.now()`.
  let heardAt = performance.now();
  let leaseEndsAt = heardAt + leaseMs;

  return {
    get heartbeatMs() {
      return leaseMs / 2;
    },
    get returnMs() {
      return leaseMs * 1.5;
    },
    get isAlive() {
      return performance.now() < leaseEndsAt;
    },
    dueMs: () => Math.min(heardAt + leaseMs / 2, leaseEndsAt) - performance.now(),
    renewed() {
      heardAt = performance.now();
      leaseEndsAt = heardAt + leaseMs;
    },
    looked(leaseLeftMs) {
      heardAt = performance.now();
      leaseEndsAt = heardAt + leaseLeftMs;
    },
    change(newLeaseMs) {
      leaseMs = newLeaseMs;
    },
  };
}
