// What a task is that may be attempted again, as PROTOCOL.md tells it: a pure model, which shares no
// code with the contexts that it is held against.
import { createModelLog, type Place } from './model-log';
import { type Chunk, endOf, type Outcome, tell } from './told';

/** What the next attempt gets, as the model knows it. */
export interface ModelStart {
  readonly index: number;
  readonly value?: string;
  readonly logs: number;
  readonly partials: number;
  readonly snapshot: Record<string, unknown>;
  readonly nested: readonly Record<string, unknown>[];
}

interface ModelWork {
  readonly version: number;
  readonly runner: string;
  readonly attempts: number;
  readonly maxTotal: number;
  readonly maxWaitMs: number;
  readonly deadlineMs?: number;
}

interface ModelOptions {
  readonly taskId: string;
  readonly frames: readonly Chunk[];
  readonly definition: string;
  readonly work: ModelWork;
  /** How long the task waits for its first runner at least. Default: it runs. */
  readonly delayMs?: number;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Whether the storage has a cancel as soon as the runner has, so that settling never yields to it. */
  readonly knowsCancels: boolean;
}

interface Ask {
  readonly token: string;
  readonly runner: string;
  readonly definition: string;
  readonly version: number;
}

/** What a taker is told. */
export interface ModelTaken {
  readonly attempt: number;
  readonly start: ModelStart;
  readonly last: Place;
  readonly deadlineLeftMs: number | undefined;
}

type ModelState = 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled';
type HandOver = 'waiting' | 'refused' | 'cancelled' | 'closed';

const freeHandOversInARow = 10;

/** One task, from its opening on. Logs are named by their attempts; 0 is that of a task that waits. */
export type AttemptModel = ReturnType<typeof createAttemptModel>;

export function createAttemptModel({
  taskId,
  frames: opening,
  definition,
  work,
  delayMs,
  now: openedAt,
  knowsCancels,
}: ModelOptions) {
  const log = createModelLog();
  let state: ModelState = delayMs === undefined ? 'running' : 'waiting';
  let attempt = delayMs === undefined ? 1 : 0;
  // Attempts since the last checkpoint.
  let tries = attempt;
  let freeHandOvers = 0;
  let hasCheckpoint = false;
  let notBefore = openedAt + (delayMs ?? 0);
  let deadlineAt = deadlineFrom(openedAt);
  let cancel: { reason: string | undefined } | undefined;
  let isLost = false;
  let takenBy: { token: string; answer: ModelTaken } | undefined;

  function deadlineFrom(now: number): number {
    const { deadlineMs = Number.POSITIVE_INFINITY } = work;
    return attempt === 0 ? Number.POSITIVE_INFINITY : now + deadlineMs;
  }

  log.add(opening, false);

  const told = () =>
    tell(
      taskId,
      log.after(undefined).map(({ chunk }) => chunk),
    );

  const startAt = (index: number, value?: string): ModelStart => {
    const { logs, partials, snapshot, nested } = told();
    return {
      ...{ index, logs, partials, snapshot, nested: [...nested.values()] },
      ...(value !== undefined && { value }),
    };
  };

  let start = startAt(-1);
  // The last frame that the next attempt keeps: at first the `start` chunk, or the snapshot of a task
  // that waits for its first runner.
  const lastKept = delayMs === undefined ? 'start' : 'data-task';
  let stays: Place = { epoch: 0, n: opening.map(({ type }) => type).lastIndexOf(lastKept) };

  const canAct = (by: number) => state === 'running' && by === attempt;

  /** Closes the task from outside, in an epoch of its own. */
  const close = (status: Outcome, code: string, toldCode: string | undefined) => {
    const { snapshot, nested, texts, calls } = told();
    const ending = { status, code };
    const inner = status === 'failed' ? code : undefined;
    log.beginEpoch();
    log.add(
      [
        ...[...texts].map((id) => ({ type: 'text-end', id })),
        ...[...calls].map((toolCallId) => ({ type: 'tool-output-error', toolCallId })),
        ...[...nested.values()].reverse().flatMap((one) => endOf(one, { ...ending, told: inner })),
        ...endOf(snapshot, { ...ending, told: toldCode }),
        { type: status === 'failed' ? 'error' : 'abort' },
      ],
      true,
    );
    state = status;
  };

  /** Closes a task that waits and need not any more. */
  const settleDue = (now: number) => {
    if (state !== 'waiting') return;
    if (cancel) return close('cancelled', 'cancelled', undefined);
    const waitsUntil = notBefore + work.maxWaitMs;
    if (Math.min(deadlineAt, waitsUntil) > now) return;
    const code = deadlineAt <= waitsUntil ? 'timeout' : 'lost';
    close('failed', code, code);
  };

  const wait = (from: number) => {
    state = 'waiting';
    takenBy = undefined;
    hasCheckpoint = false;
    notBefore = from;
  };

  return {
    taskId,
    work,
    log,
    told,
    get state() {
      return state;
    },
    get attempt() {
      return attempt;
    },
    /** Whether a runner was lost, and with it the task. */
    get isLost() {
      return isLost;
    },
    get notBefore() {
      return notBefore;
    },
    get deadlineAt() {
      return deadlineAt;
    },
    get isCancelled() {
      return cancel !== undefined;
    },
    canAct,

    /** Lets the model see what time it is. */
    look: settleDue,

    append(by: number, chunk: Chunk) {
      if (canAct(by)) log.add([chunk], false);
    },

    /** What a checkpoint has to be stored with, and its chunk. */
    nextCheckpoint(value: string): { chunk: Chunk; start: ModelStart } {
      const index = told().checkpoints;
      const data = { taskId, index };
      return {
        chunk: { type: 'data-task-checkpoint', data, transient: true },
        start: startAt(index, value),
      };
    },

    checkpoint(by: number, chunk: Chunk, given: ModelStart): boolean {
      if (!canAct(by)) return false;
      log.add([chunk], false);
      start = given;
      stays = log.end();
      tries = 1;
      freeHandOvers = 0;
      hasCheckpoint = true;
      return true;
    },

    handOver(
      by: number,
      { delayMs = 0, isFree = false }: { delayMs?: number; isFree?: boolean },
      now: number,
    ): HandOver {
      if (!canAct(by)) return 'closed';
      if (cancel) return 'cancelled';
      const costsNothing = hasCheckpoint || (isFree && freeHandOvers < freeHandOversInARow);
      const left = costsNothing ? tries - 1 : tries;
      if (left >= work.attempts || attempt >= work.maxTotal) return 'refused';
      if (costsNothing && !hasCheckpoint) freeHandOvers++;
      tries = left;
      wait(now + delayMs);
      return 'waiting';
    },

    /** The runner is gone, and somebody has noticed. */
    lose(now: number) {
      if (state !== 'running') return;
      const isTooLate = deadlineAt <= now;
      isLost = isTooLate || !!cancel || tries >= work.attempts || attempt >= work.maxTotal;
      if (cancel) return close('cancelled', 'cancelled', 'lost');
      const code = isTooLate ? 'timeout' : 'lost';
      if (isLost) return close('failed', code, code);
      wait(now);
      settleDue(now);
    },

    take(ask: Ask, now: number): ModelTaken | undefined {
      settleDue(now);
      if (takenBy?.token === ask.token && state === 'running') return takenBy.answer;
      if (state !== 'waiting' || now < notBefore) return undefined;
      if (ask.runner !== work.runner || ask.definition !== definition) return undefined;
      if (ask.version < work.version) return undefined;
      attempt++;
      tries++;
      if (attempt === 1) deadlineAt = deadlineFrom(now);
      log.rewind(stays);
      state = 'running';
      const { index, logs, partials, snapshot, nested } = start;
      const data = { taskId, attempt, checkpoint: index, logs, partials };
      const current = { ...snapshot, status: 'running', ...(attempt > 1 && { attempt }) };
      const lost = { status: 'failed', code: 'lost', told: 'lost' } as const;
      log.add(
        [
          { type: 'data-task-rewind', data, transient: true },
          { type: 'data-task', id: taskId, data: current },
          ...[...nested].reverse().flatMap((one) => endOf(one, lost)),
        ],
        true,
      );
      const deadlineLeftMs = Number.isFinite(deadlineAt) ? deadlineAt - now : undefined;
      takenBy = { token: ask.token, answer: { attempt, start, last: stays, deadlineLeftMs } };
      return takenBy.answer;
    },

    /** Answers whether the request was accepted. */
    cancel(reason: string | undefined, now: number): boolean {
      settleDue(now);
      if (state !== 'running' && state !== 'waiting') return false;
      cancel ??= { reason };
      settleDue(now);
      return true;
    },

    settle(
      by: number,
      chunks: readonly Chunk[],
      { status, evenIfCancelled }: { status: Outcome; evenIfCancelled: boolean },
    ): boolean | 'cancelled' {
      if (!canAct(by)) return false;
      const yields = cancel && !knowsCancels && status !== 'cancelled' && !evenIfCancelled;
      if (yields) return 'cancelled';
      log.add(chunks, false);
      state = status;
      return true;
    },
  };
}
