/** What is known of a producer in another process: whether it lives, and when to look again. */
export interface ProducerSigns {
  readonly heartbeatMs: number;
  /** How long a living producer may take to begin a lost log anew, in milliseconds. */
  readonly returnMs: number;
  readonly isAlive: boolean;
  /** In how many milliseconds the producer was silent for a heartbeat, or its lease has run out. */
  dueMs(): number;
  /** To be called at a sign that the producer has renewed its lease. */
  renewed(): void;
  /** To be called when a look at the log has found something new. */
  moved(): void;
  /** To be called when a look has found how much is left of the lease; 0 when it has lapsed. */
  leased(leftMs: number): void;
  /** To be called when the log is another one by now, with the lease of its producer. */
  change(leaseMs: number): void;
}

export function createProducerSigns(initialLeaseMs: number): ProducerSigns {
  let leaseMs = initialLeaseMs;
  // When the producer gave its last sign, and when its lease ends for sure, by `performance.now()`.
  let signAt = performance.now();
  let leaseEndsAt = signAt + leaseMs;

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
    dueMs: () => Math.min(signAt + leaseMs / 2, leaseEndsAt) - performance.now(),
    renewed() {
      signAt = performance.now();
      leaseEndsAt = signAt + leaseMs;
    },
    moved() {
      signAt = performance.now();
    },
    leased(leftMs) {
      leaseEndsAt = performance.now() + leftMs;
    },
    change(newLeaseMs) {
      leaseMs = newLeaseMs;
    },
  };
}
