import { later } from '../../time/later';

/** Renews a lease once in every heartbeat in which nothing else has done so. */
export interface LeaseRenewal {
  /** It was renewed. */
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
  // By `performance.now()`.
  let renewedAt = performance.now();

  const check = () => {
    const silentMs = performance.now() - renewedAt;
    // A timer that is a little early must not wait for another whole heartbeat.
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
