import { later } from './later';

/** Renews a lease in every heartbeat interval in which no commit has done so. */
export interface LeaseRenewal {
  /** To be called when something else has renewed the lease. */
  note(): void;
  stop(): void;
}

export function startRenewal({
  heartbeatMs,
  renew,
}: {
  heartbeatMs: number;
  renew: () => void;
}): LeaseRenewal {
  // When the lease was renewed last, by `performance.now()`.
  let renewedAt = performance.now();

  const check = () => {
    const silentMs = performance.now() - renewedAt;
    // A timer that fires a little early must not lead to a wait of another whole interval.
    const isDue = silentMs >= heartbeatMs * 0.9;
    timer = later(check, isDue ? heartbeatMs : heartbeatMs - silentMs);
    if (isDue) renew();
  };
  let timer = later(check, heartbeatMs);

  return {
    note() {
      renewedAt = performance.now();
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
