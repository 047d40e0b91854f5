/** What is known of whether a producer elsewhere lives. */
export interface ProducerSigns {
  readonly heartbeatMs: number;
  /** How long a producer that lives may take to begin a log anew which the storage has lost. */
  readonly returnMs: number;
  readonly isAlive: boolean;
  /** How long until it has been silent for a heartbeat, or its lease may have run out. */
  dueMs(): number;
  /** A sign that it has renewed its lease. */
  renewed(): void;
  /** A look has found news of it. */
  moved(): void;
  /** A look has found how much is left of its lease; 0: it has lapsed. */
  leased(leftMs: number): void;
  /** Its log is another one by now. */
  change(leaseMs: number): void;
}

export function createProducerSigns(initialLeaseMs: number): ProducerSigns {
  let leaseMs = initialLeaseMs;
  // By `performance.now()`: its last sign, and when its lease ends for sure.
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
