import type { TaskOutcome } from '../../../protocol/task-parts';
import type { TaskLog } from '../../log/task-stream-context';
import type { TaskDetails } from '../scripts/stored-task';
import type { CommitScheduler } from './commit-scheduler';
import type { LogStorage } from './log-commits';
import type { LogLimitsOptions } from './log-limits';

export interface RedisProducerOptions {
  storage: LogStorage;
  limits: LogLimitsOptions;
  scheduler: CommitScheduler;
  /** How long settling waits for the storage before local readers get the outcome. */
  graceMs: number;
  /** The first frames, which are stored already. */
  firstFrames: readonly string[];
  /** A cancel that came before, as it is stored. */
  cancel: string | undefined;
  /** How the tenure ends, and what the chat has to save before this. */
  tenure: Pick<TaskLog, 'release' | 'predecessorsSaved'>;
  /** Called once: nothing of this producer will be stored any more. */
  onEnd: (how: 'settled' | 'fenced') => void;
}

export interface RedisProducer extends TaskLog {
  /** The claim token. */
  readonly token: string;
  /** What the record says of the task. */
  readonly details: TaskDetails;
  /** How the task has ended for readers here, if it has. */
  readonly outcome: TaskOutcome | undefined;
  /** Asks Redis, because there may be news: a cancel, or the end of an outage. */
  look(): void;
  /** Stops for good, without settling. */
  abandon(): void;
}
