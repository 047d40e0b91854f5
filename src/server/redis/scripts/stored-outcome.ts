import type { RedisLink } from '../client/redis-link';
import { knownAnswer, optionalText } from './answers';
import { decodeOptional, encodeOptional, type RedisKeys } from './redis-keys';
import {
  claimOutcomeScript,
  holdOutcomeScript,
  recordFormat,
  releaseOutcomeScript,
} from './redis-scripts';

/** Whose the telling of an outcome is. */
export interface OutcomeHolder {
  /** Of whoever tells. */
  readonly token: string;
  /** Names the log: the token with which it was opened. */
  readonly log: string;
}

/** `held`: somebody else tells, for so many milliseconds at least. */
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
 * The telling of a task's outcome, as Redis has it. Each method is one call, which is made again if
 * its answer got lost.
 *
 * @throws TaskError `context-unavailable`, from each of them.
 */
export interface StoredOutcome {
  /** Takes it over, if nobody has it. */
  claim(token: string, owner: string | undefined): Promise<ClaimAnswer>;
  /** Keeps it for another `leaseMs` milliseconds, unless somebody else has it. */
  hold(holder: OutcomeHolder, leaseMs: number): Promise<void>;
  /** Ends it. `false`: the id is that of another log by now. */
  release(holder: OutcomeHolder, isSaved: boolean): Promise<boolean>;
}

/** Gives the outcomes of the tasks that are kept in Redis, by their ids. */
export function createStoredOutcomes(
  link: RedisLink,
  keys: RedisKeys,
): (taskId: string) => StoredOutcome {
  return (taskId) => {
    const scriptKeys = [keys.record(taskId), keys.lease(taskId)];
    return {
      async claim(token, owner) {
        const args = [token, encodeOptional(owner), String(recordFormat)];
        const reply = (await link.run(claimOutcomeScript, scriptKeys, args)) as readonly unknown[];
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
        await link.run(holdOutcomeScript, scriptKeys, [token, log, String(leaseMs)]);
      },

      async release({ token, log }, isSaved) {
        const args = [token, log, isSaved ? '1' : ''];
        return (await link.run(releaseOutcomeScript, scriptKeys, args)) === 1;
      },
    };
  };
}
