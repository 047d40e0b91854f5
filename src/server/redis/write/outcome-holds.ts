import type { OutcomeClaiming } from '../../log/outcome-claim';
import { createDeferred } from '../../time/deferred';
import type { OutcomeHolder, StoredOutcome } from '../scripts/stored-outcome';
import { createOutcomeHold, type OutcomeHold } from './outcome-hold';
import type { Chat, RedisChats } from './redis-chats';

interface HoldOptions {
  readonly taskId: string;
  readonly holder: OutcomeHolder;
  readonly leaseMs: number;
  readonly savesOutcome: boolean;
  /** The chat that the task leaves once the host has its outcome. */
  readonly chat: Chat | undefined;
  /** Takes the task out of the index of open tasks then, if it is known to be in there. */
  readonly leaveIndex?: (() => Promise<void>) | undefined;
}

/** The outcomes that this process tells the host. */
export interface OutcomeHolds {
  /** Holds the outcome of a task that runs in this process. */
  create(options: HoldOptions): OutcomeHold;
  /** Resolves when a chat's task of this process is released; `undefined` when it has no such task. */
  released(taskId: string): Promise<void> | undefined;
  /** Claims the outcome of a task that ran in another process. */
  claim(taskId: string, owner: string | undefined): Promise<OutcomeClaiming | undefined>;
  close(): void;
}

export function createOutcomeHolds({
  storedOutcome,
  chats,
  retentionMs,
}: {
  storedOutcome: (taskId: string) => StoredOutcome;
  chats: Pick<RedisChats, 'leave'>;
  /** How long a settled log is kept, in milliseconds. */
  retentionMs: number;
}): OutcomeHolds {
  const busy = new Set<OutcomeHold>();

  // When this process' tasks in chats are released, by taskId.
  const releases = new Map<string, Promise<void>>();

  const create = ({ taskId, chat, leaveIndex, ...options }: HoldOptions): OutcomeHold => {
    const hold = createOutcomeHold({
      ...options,
      stored: storedOutcome(taskId),
      retentionMs,
      leaveChat: chat && (() => chats.leave(chat, taskId)),
      leaveIndex,
      busy,
    });
    if (!chat) return hold;
    const { promise: released, resolve: tell } = createDeferred();
    releases.set(taskId, released);
    return {
      ...hold,
      release(end) {
        tell();
        if (releases.get(taskId) === released) releases.delete(taskId);
        return hold.release(end);
      },
    };
  };

  return {
    create,
    released: (taskId) => releases.get(taskId),

    async claim(taskId, owner) {
      const token = crypto.randomUUID();
      const claiming = await storedOutcome(taskId).claim(token, owner);
      if (claiming.answer === 'none') return undefined;
      if (claiming.answer === 'running') return { kind: 'running' };
      if (claiming.answer === 'held') return { kind: 'held', waitMs: claiming.waitMs };
      const { log, leaseMs, chatId, continued } = claiming;
      const chat = chatId === undefined ? undefined : { owner, chatId };
      const holder = { token, log };
      const hold = create({ taskId, holder, leaseMs, savesOutcome: true, chat });
      hold.begin('settled');
      return { kind: 'claimed', claim: { continued, keep: hold.keep, release: hold.release } };
    },

    close() {
      for (const hold of busy) hold.stop();
    },
  };
}
