import { parseCursor } from '../../protocol/cursor';
import { acrossAttempts } from '../log/across-attempts';
import { decodeKeptTurn } from '../log/kept-turn';
import type { OutcomeClaim } from '../log/outcome-claim';
import { createNotFoundError } from '../log/task-errors';
import type { TaskStreamContext } from '../log/task-stream-context';
import { pause } from '../time/pause';
import { readFinishedMessage } from './finished-message';
import { followSettlement } from './follow-settlement';
import type { TaskSettleEvent } from './task-options';
import { maxTellMs, tellHost } from './tell-host';

export interface DeliverOutcomeOptions {
  context: TaskStreamContext;
  taskId: string;
  owner: string | undefined;
  onSettle: (event: TaskSettleEvent<unknown>) => Promise<void> | void;
  /** Gets what `onSettle` throws, and why a message cannot be recovered. */
  onError: (error: unknown) => void;
  /**
   * Whether to wait for the task's end, and for another process that is telling the host. Default true.
   */
  isPatient?: boolean;
}

/** The tasks whose outcomes this process is delivering, by context. */
const underWay = new WeakMap<TaskStreamContext, Set<string>>();

/** How long to wait for another process that is telling the host, in milliseconds. */
const maxHeldMs = 3 * maxTellMs;

/**
 * How long to wait besides, in milliseconds: a lease ends no sooner than it says, and a record may
 * say later than the log that a task is over.
 */
const slackMs = 15;

/**
 * Waits for a task's end, and tells the host the outcome if the process that ran the task was lost
 * before it had told it, or failed to. One process at a time tells the host, and at least once: if
 * that process is lost after `onSettle` and before this is stored, the next one tells it again.
 * Resolves with whether the host has the outcome, or with `undefined` when others tell it, or nobody.
 *
 * @throws TaskError `context-unavailable`, `unsettled`.
 */
export async function deliverOutcome(options: DeliverOutcomeOptions): Promise<boolean | undefined> {
  const { context, taskId } = options;
  const ours = underWay.get(context) ?? new Set();
  underWay.set(context, ours);
  if (ours.has(taskId)) return undefined;
  ours.add(taskId);
  try {
    for (;;) {
      const claim = await claimOutcome(options);
      const told = claim && (await deliver(options, claim));
      if (told !== 'lost') return told;
    }
  } finally {
    ours.delete(taskId);
  }
}

/** Claims the outcome once there is one and nobody else is telling the host. */
async function claimOutcome({
  context,
  taskId,
  owner,
  isPatient = true,
}: DeliverOutcomeOptions): Promise<OutcomeClaim | undefined> {
  let heldUntil: number | undefined;
  for (;;) {
    const claiming = await context.claimOutcome?.(taskId, { owner });
    if (!claiming || (!isPatient && claiming.kind !== 'claimed')) return undefined;
    switch (claiming.kind) {
      case 'claimed':
        return claiming.claim;
      case 'running': {
        const record = await context.inspect(taskId);
        const cursor = record && parseCursor(record.cursor);
        const read = (after = cursor) => context.read(taskId, { owner, cursor: after });
        const reader = record && (await read());
        if (!reader) return undefined;
        const across = acrossAttempts(reader, read, cursor);
        // A process that is to end does not wait for what others run.
        const stay = context.draining?.whenBegun(across.close);
        try {
          await followSettlement(across, taskId);
        } catch (error) {
          if (context.draining?.begun.aborted) return undefined;
          throw error;
        } finally {
          stay?.();
        }
        await pause(slackMs);
        break;
      }
      case 'held': {
        heldUntil ??= performance.now() + maxHeldMs;
        if (performance.now() > heldUntil) return undefined;
        await pause(claiming.waitMs + slackMs);
      }
    }
  }
}

/** Tells the host an outcome that is claimed. `lost`: the claim was somebody else's before that. */
async function deliver(
  { context, taskId, owner, onSettle, onError }: DeliverOutcomeOptions,
  claim: OutcomeClaim,
): Promise<boolean | 'lost'> {
  const read = async () => {
    const reader = await context.read(taskId, { owner });
    if (reader) return reader;
    throw createNotFoundError();
  };
  const { message: continued, turn } = decodeKeptTurn(claim.continued);
  /** The message; `undefined` when it cannot be whole, which `onError` is told. */
  const readMessage = async (chatId: string | undefined) => {
    if (chatId === undefined && continued === undefined) return undefined;
    try {
      return await readFinishedMessage({ reader: await read(), taskId, continued });
    } catch (error) {
      onError(error);
      return undefined;
    }
  };
  let isLost = false;
  const tell = async () => {
    const record = await context.inspect(taskId);
    const settlement = await followSettlement(await read(), taskId);
    const { name, chatId } = record ?? {};
    const message = await readMessage(chatId);
    isLost = (await claim.keep?.()) === false;
    if (isLost) return;
    await onSettle({
      ...{ ...settlement, name, chatId, owner, isStored: true, isRecovered: true },
      ...(message && { message }),
      ...(turn !== undefined && { turn, continued }),
    });
  };
  const release = ({ isSaved }: { isSaved: boolean }) =>
    claim.release({ isSaved: isSaved && !isLost });
  const isTold = await tellHost({ tell, release, report: onError });
  return isLost ? 'lost' : isTold;
}
