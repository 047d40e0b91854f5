import type { TaskOutcome } from '../../../protocol/task-parts';
import type { TaskLog } from '../../log/task-stream-context';
import type { KeptAttempts } from '../scripts/stored-attempts';
import type { CommitScheduler } from './commit-scheduler';
import type { EndOfProducing, LogStorage } from './log-commits';
import type { LogLimitsOptions } from './log-limits';

export interface RedisProducerOptions {
  storage: LogStorage;
  limits: LogLimitsOptions;
  scheduler: CommitScheduler;
  /** How long settling waits for the storage before readers here get the outcome, in milliseconds. */
  graceMs: number;
  /** The first frames, which are stored already. */
  firstFrames: readonly string[];
  /** The frames with which a log begins that the storage has lost. */
  startFrames: readonly string[];
  /** Set for a task that may be attempted again. */
  attempts: ProducedAttempts | undefined;
  /** The reason of a cancel that came before the task, as it is stored. */
  cancel: string | undefined;
  /** Releases the task, and waits for the tasks that its chat has to save before it. */
  tenure: Pick<TaskLog, 'release' | 'predecessorsSaved' | 'predecessors'>;
  /**
   * Called once, when nothing of this producer will be stored any more; after a hand-over with the time
   * in which nobody may take the task, in milliseconds.
   */
  onEnd: (how: EndOfProducing, delayMs?: number) => void;
}

/** The attempt that a producer writes. */
interface ProducedAttempts {
  /** What the storage has for the next one. */
  readonly kept: KeptAttempts;
  /** The last of the first frames that the next attempt keeps. Default: none of them. */
  readonly startN?: number;
}

export interface RedisProducer extends TaskLog {
  /** The claim token. */
  readonly token: string;
  /** How the task has ended for readers in this process; `undefined` while it has not. */
  readonly outcome: TaskOutcome | undefined;
  /** Asks Redis for news, such as a cancel or the end of an outage. */
  look(): void;
  /** Stops for good, without settling the task. */
  abandon(): void;
}
