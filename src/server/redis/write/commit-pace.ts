import { later } from '../../time/later';
import { startPatientTimer } from '../../time/patient-timer';
import type { CommitScheduler } from './commit-scheduler';

/** A commit of this many characters or more is part of a burst: the next one waits for more frames. */
const burstLength = 32 * 1024;

/** How long a commit within a burst waits, in milliseconds, and with how many characters no longer. */
const gatherMs = 1;
const gatheredLength = 192 * 1024;

/** The longest pause between two attempts to store what could not be stored, in milliseconds. */
const maxRetryMs = 1_000;

/** How long a commit may take before the storage counts as away, in milliseconds. */
const stalledMs = 1_000;

/** Decides when a task commits. One commit at a time; only the last may follow before an answer. */
export interface CommitPace {
  /** To be called when a frame was added. */
  add(): void;
  /** To be called when the closing frames were added: they wait for nothing else. */
  addLast(): void;
  /** Makes a commit even if there is nothing to store, for the news that its answer brings. */
  look(): void;
  /** From now on, nothing is committed. */
  end(): void;
}

export interface CommitPaceOptions {
  scheduler: CommitScheduler;
  /** A commit is made at least this often, in milliseconds. */
  heartbeatMs: number;
  /** Makes a commit, and resolves with whether it worked. Never rejects. */
  commit: () => Promise<boolean>;
  /** Makes the last commit while another is under way, which then waits for it. Never rejects. */
  commitBehind: () => Promise<void>;
  /** Called when a commit takes so long that the storage counts as away. */
  onStall: () => void;
  /** Whether there is something to commit. */
  hasWork: () => boolean;
  /** How many characters wait to be committed. */
  waitingLength: () => number;
}

/**
 * Frames that are added while a commit is under way go together in the next one. Within a burst, the
 * next commit waits a moment for more frames, because few large commits cost less than many small
 * ones. A commit that failed is tried again, at growing intervals.
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
  // How often the commit that is due has failed.
  let failures = 0;
  // Makes the next attempt after a failure, and a commit that renews the lease if no other does.
  let timer: ReturnType<typeof setTimeout> | undefined;
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
      runIn(heartbeatMs);
      goOn(isBurst);
    } else {
      failures++;
      const bound = Math.min(maxRetryMs, heartbeatMs / 2);
      runIn(Math.min(25 * 2 ** Math.min(failures, 10), bound));
    }
  };

  const runIn = (ms: number) => {
    clearTimeout(timer);
    timer = later(run, ms);
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

  runIn(heartbeatMs);

  return {
    add() {
      // After a failed commit, a timer makes the next attempt.
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
      clearTimeout(timer);
      stopGathering();
      schedule();
    },
    end() {
      hasEnded = true;
      clearTimeout(timer);
      stopGathering();
    },
  };
}
