import { TaskError } from '../../../protocol/task-error';
import { startPatientTimer } from '../../time/patient-timer';
import { createReadyConnection } from './ready-connection';
import type { OpenRedisConnection } from './redis-connection';
import { createStorageError, replyCode } from './storage-error';
import { createWordEncoder } from './word-encoder';

/** Sends commands on one connection, which is made for the first command. */
export interface CommandConnection {
  /**
   * Sends a command, and once more if its answer got lost. `key` routes the command in a cluster.
   *
   * @throws TaskError `context-unavailable`. Redis' own error when Redis does not know a script.
   */
  call(key: string, words: readonly string[]): Promise<unknown>;
  /** Whether Redis runs the commands in the order of the calls, as far as is known by now. */
  keepsOrder(): boolean;
  close(): void;
}

export function createCommandConnection({
  findOpen,
  commandTimeoutMs,
  onAnswer,
  trouble,
}: {
  findOpen: () => Promise<OpenRedisConnection>;
  commandTimeoutMs: number;
  /** Called at each answer, which proves that Redis is there. */
  onAnswer: () => void;
  /** Reports trouble, and returns the error for whoever has sent the command. */
  trouble: (cause: unknown) => TaskError;
}): CommandConnection {
  const connection = createReadyConnection({ findOpen, timeoutMs: commandTimeoutMs });
  const encoder = createWordEncoder();
  // When the last reply came, by `performance.now()`.
  let repliedAt = 0;

  /** @throws TaskError when the command was not sent, or not answered in time. */
  const send = async (key: string, words: readonly string[]): Promise<unknown> => {
    const ready = await connection.get();
    const { words: encoded, release } = encoder.encode(words);
    const sentAt = performance.now();
    let stopTimer = () => {};
    const timeout = new Promise<never>((_, reject) => {
      stopTimer = startPatientTimer(() => {
        // Rejected first: when the connection is replaced, the command fails as if that had broken.
        reject(createStorageError(new Error(`it did not answer within ${commandTimeoutMs} ms`)));
        // If no reply at all has come since, the connection may hang.
        if (repliedAt < sentAt) connection.replace(sentAt);
      }, commandTimeoutMs);
    });
    try {
      const reply = await Promise.race([ready.send(key, encoded), timeout]);
      release();
      return reply;
    } finally {
      stopTimer();
    }
  };

  return {
    async call(key, words) {
      for (let isAgain = false; ; isAgain = true) {
        try {
          const reply = await send(key, words);
          repliedAt = performance.now();
          onAnswer();
          return reply;
        } catch (cause) {
          const code = replyCode(cause);
          if (code !== undefined) repliedAt = performance.now();
          if (code === 'NOSCRIPT') throw cause;
          // The connection broke, and perhaps only the answer got lost: the command is sent again.
          if (code === undefined && !TaskError.isInstance(cause) && !isAgain) continue;
          throw trouble(cause);
        }
      }
    },

    keepsOrder: connection.keepsOrder,
    close: connection.close,
  };
}
