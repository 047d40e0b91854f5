import { later } from '../../time/later';
import { startPatientTimer } from '../../time/patient-timer';
import type { CommitScheduler } from './commit-scheduler';
import { startRenewal } from './lease-renewal';

/** A commit of so many characters is part of a burst, of which the next one waits for more. */
const burstLength = 32 * 1024;

/** How long it waits, in milliseconds, and with how many characters it waits no longer. */
const gatherMs = 1;
const gatheredLength = 192 * 1024;

/** Between two attempts to store what could not be stored, at most, in milliseconds. */
const maxRetryMs = 1_000;

/** How long a commit may take before the storage counts as away, in milliseconds. */
const stalledMs = 1_000;

/** Decides when a task commits: one commit at a time, and the last one right behind another. */
export interface CommitPace {
  /** Something was added. */
  add(): void;
  /** The last was added: it waits for nothing that could go with it. */
  addLast(): void;
  /** A commit is due even without anything to store: it brings news. */
  look(): void;
  /** No more commits. */
  end(): void;
}

export interface CommitPaceOptions {
  scheduler: CommitScheduler;
  /** A commit is made at least this often, in milliseconds. */
  heartbeatMs: number;
  /** Makes one, and tells whether that worked. Never rejects. */
  commit: () => Promise<boolean>;
  /** Makes the last one while another is under way, whose end then waits for it. Never rejects. */
  commitBehind: () => Promise<void>;
  /** Told when a commit takes so long that the storage counts as away. */
  onStall: () => void;
  /** Whether there is something to commit. */
  hasWork: () => boolean;
  /** How many characters wait. */
  waitingLength: () => number;
}

/**
 * What is added while a commit is under way goes together in the next. Within a burst that one
 * gathers for a moment, because few large commits cost less than many; one that failed is tried
 * again, less and less often.
 */
export function createCommitPace({
  scheduler,
  heartbeatMs,
  commit,
  commitBehind,
  onStall,
  hasWork,
  waitingLength,
}: CommitPaceOptions): CommitPace {
  let isScheduled = false;
  let isInFlight = false;
  let isLookDue = false;
  let isLast = false;
  let hasEnded = false;
  // Of the attempts to commit the same.
  let failures = 0;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let gatherTimer: ReturnType<typeof setTimeout> | undefined;

  const stopGathering = () => {
    clearTimeout(gatherTimer);
    gatherTimer = undefined;
  };

  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    scheduler.schedule(run);
  };

  const run = async () => {
    isScheduled = false;
    if (isInFlight || hasEnded) return;
    stopGathering();
    isInFlight = true;
    isLookDue = false;
    const isBurst = waitingLength() >= burstLength;
    const stopStallTimer = startPatientTimer(onStall, stalledMs);
    const isStored = await commit();
    stopStallTimer();
    isInFlight = false;
    if (hasEnded) return;
    if (isStored) {
      failures = 0;
      renewal.note();
      goOn(isBurst);
    } else {
      failures++;
      const bound = Math.min(maxRetryMs, heartbeatMs / 2);
      retryTimer = later(run, Math.min(25 * 2 ** Math.min(failures, 10), bound));
    }
  };

  const goOn = (isBurst: boolean) => {
    if (waitingLength() >= gatheredLength) scheduler.hurry(run);
    else if (isBurst && !isLast && !isLookDue) gatherTimer = setTimeout(endGathering, gatherMs);
    else if (isLookDue || hasWork()) schedule();
  };

  const runBehind = () => {
    if (isInFlight && !hasEnded) return commitBehind();
  };

  const endGathering = () => {
    stopGathering();
    if (hasWork()) scheduler.hurry(run);
  };

  const renewal = startRenewal({
    heartbeatMs,
    renew() {
      if (!isInFlight && failures === 0) void run();
    },
  });

  return {
    add() {
      // Between two attempts the next one comes by itself.
      if (isScheduled || isInFlight || failures > 0 || !hasWork()) return;
      if (gatherTimer === undefined) schedule();
      else if (waitingLength() >= gatheredLength) endGathering();
    },
    addLast() {
      isLast = true;
      if (gatherTimer !== undefined) endGathering();
      else if (isInFlight) scheduler.hurry(runBehind);
      else if (failures === 0) schedule();
    },
    look() {
      isLookDue = true;
      if (isInFlight) return;
      clearTimeout(retryTimer);
      stopGathering();
      schedule();
    },
    end() {
      hasEnded = true;
      renewal.stop();
      clearTimeout(retryTimer);
      stopGathering();
    },
  };
}
