import { TaskError } from '../../../protocol/task-error';
import { hexDigest } from '../../log/hex-digest';
import { createUnavailableError } from '../../log/task-errors';
import { type ChannelConnection, createChannelConnection } from './channel-connection';
import { createCommandConnection } from './command-connection';
import type { OpenRedisConnection } from './redis-connection';
import { createStorageError, replyCode } from './storage-error';

/** Redis as the context uses it: scripts, commands, and messages on channels. */
export interface RedisLink extends ChannelConnection {
  /**
   * Runs a Lua script, and once more if its answer got lost. It may have run even if this rejects.
   *
   * @throws TaskError `context-unavailable`.
   */
  run(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown>;
  /** Sends a plain command, in the same way as `run` does a script. */
  command(words: readonly string[], key: string): Promise<unknown>;
  /** Whether Redis runs commands in the order of the calls, even if they are not waited for. */
  keepsOrder(): boolean;
  /** Reports trouble that a script has met, and returns the error for the caller. */
  report(cause: unknown): TaskError;
}

/** After how many milliseconds trouble that has not come back is over. */
const troubleMs = 10_000;

/** The kind of trouble in which Redis does not answer at all. */
const away = 'away';

export function createRedisLink({
  findOpen,
  commandTimeoutMs,
  report,
}: {
  findOpen: () => Promise<OpenRedisConnection>;
  commandTimeoutMs: number;
  /** Called once per kind of trouble until that is over, with an error in Redis' own words. */
  report: (error: TaskError) => void;
}): RedisLink {
  let isClosed = false;
  let finding: Promise<OpenRedisConnection> | undefined;
  // When each kind of trouble was met last, by `performance.now()`.
  const troubles = new Map<string, number>();
  // The hash of each script, by which Redis knows it.
  const hashes = new Map<string, string>();

  const trouble = (cause: unknown): TaskError => {
    if (isClosed) return createUnavailableError(cause);
    // A mistake in the options is not told by Redis, and does not pass by itself.
    const isMistake = TaskError.isInstance(cause) && cause.code === 'invalid-options';
    const told = isMistake ? cause : createStorageError(cause);
    const kind = isMistake ? told.code : (replyCode(told.cause) ?? away);
    const now = performance.now();
    const metAt = troubles.get(kind);
    troubles.set(kind, now);
    if (metAt === undefined || now - metAt > troubleMs) report(told);
    // The caller may hand the error on to a browser. A mistake in the options is masked there.
    return isMistake ? told : createUnavailableError(told);
  };

  /** Finds out once for both connections how to open them, and again after a failure. */
  const findOnce = () => {
    if (!finding) {
      finding = findOpen();
      finding.catch(() => {
        finding = undefined;
      });
    }
    return finding;
  };

  const commands = createCommandConnection({
    findOpen: findOnce,
    commandTimeoutMs,
    onAnswer: () => troubles.delete(away),
    trouble,
  });
  const channels = createChannelConnection({ findOpen: findOnce, trouble });

  return {
    async run(script, keys, args) {
      const hash = hashes.get(script) ?? (await hexDigest('SHA-1', script));
      hashes.set(script, hash);
      const key = keys[0] ?? '';
      const rest = [String(keys.length), ...keys, ...args.map(String)];
      try {
        return await commands.call(key, ['EVALSHA', hash, ...rest]);
      } catch (error) {
        if (TaskError.isInstance(error)) throw error;
        return commands.call(key, ['EVAL', script, ...rest]);
      }
    },

    command: (words, key) => commands.call(key, words),
    keepsOrder: commands.keepsOrder,
    listen: channels.listen,
    report: trouble,

    close() {
      if (isClosed) return;
      isClosed = true;
      commands.close();
      channels.close();
    },
  };
}
