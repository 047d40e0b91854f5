import type { RedisLink } from '../client/redis-link';
import { knownAnswer, optionalText } from './answers';
import claimScript from './claim-outcome.lua';
import holdScript from './hold-outcome.lua';
import { knownFormat } from './record-format';
import { decodeOptional, encodeOptional, type RedisKeys } from './redis-keys';
import releaseScript from './release-outcome.lua';

/** The process that has the right to tell the host an outcome. */
export interface OutcomeHolder {
  /** The token under which that process holds the lease. */
  readonly token: string;
  /** Names the log: the token with which the log was opened. */
  readonly log: string;
}

/** `held`: somebody else is telling the host, and may do so for `waitMs` milliseconds at least. */
type ClaimAnswer =
  | { readonly answer: 'none' }
  | { readonly answer: 'running' }
  | { readonly answer: 'held'; readonly waitMs: number }
  | {
      readonly answer: 'claimed';
      readonly leaseMs: number;
      readonly log: string;
      readonly chatId: string | undefined;
      /** The message that the task continues, as JSON. */
      readonly continued: string | undefined;
    };

/**
 * The right to tell the host a task's outcome, as Redis keeps it. Each method makes one call, which
 * is made again if its answer got lost.
 *
 * @throws TaskError `context-unavailable`, from each method.
 */
export interface StoredOutcome {
  /** Takes the right, if nobody has it. */
  claim(token: string, owner: string | undefined): Promise<ClaimAnswer>;
  /**
   * Keeps the right for another `leaseMs` milliseconds. `false`: somebody else has it, or nothing is left
   * to tell.
   */
  hold(holder: OutcomeHolder, leaseMs: number): Promise<boolean>;
  /** Gives the right up. `false`: the taskId names another log by now. */
  release(holder: OutcomeHolder, isSaved: boolean): Promise<boolean>;
}

/** Returns a function that gives access to the outcome of a task in Redis, by taskId. */
export function createStoredOutcomes(
  link: RedisLink,
  keys: RedisKeys,
): (taskId: string) => StoredOutcome {
  return (taskId) => {
    const scriptKeys = [keys.record(taskId), keys.lease(taskId)];
    return {
      async claim(token, owner) {
        const args = [token, encodeOptional(owner), knownFormat];
        const reply = (await link.run(claimScript, scriptKeys, args)) as readonly unknown[];
        const [name, ms, log, chat, continued] = reply;
        const answer = knownAnswer(['none', 'running', 'held', 'claimed'], name, link);
        if (answer === 'held') return { answer, waitMs: Math.max(0, Number(ms)) };
        if (answer !== 'claimed') return { answer };
        return {
          answer,
          leaseMs: Number(ms),
          log: String(log),
          chatId: decodeOptional(optionalText(chat)),
          continued: optionalText(continued),
        };
      },

      async hold({ token, log }, leaseMs) {
        return (await link.run(holdScript, scriptKeys, [token, log, leaseMs])) === 1;
      },

      async release({ token, log }, isSaved) {
        const args = [token, log, isSaved ? '1' : ''];
        return (await link.run(releaseScript, scriptKeys, args)) === 1;
      },
    };
  };
}
