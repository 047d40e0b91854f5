import type { TaskOutcome } from '../../../protocol/task-parts';
import type { LogWindow } from '../../log/log-window';
import type { TaskLog } from '../../log/task-stream-context';
import type { StoredTask, TaskDetails } from '../scripts/stored-task';
import type { CommitScheduler } from './commit-scheduler';
import type { LogLimitsOptions } from './log-limits';

export interface RedisProducerOptions extends LogLimitsOptions {
  stored: StoredTask;
  scheduler: CommitScheduler;
  window: LogWindow;
  token: string;
  /** What the record says, also of a log that has to begin anew. */
  details: TaskDetails;
  /** How long settling waits for the storage before local readers get the outcome. */
  graceMs: number;
  /** How long a settled log is kept. */
  retentionMs: number;
  /** How long a running log is kept after its last sign. */
  runningTtlMs: number;
  /** The first frames, which are stored already. */
  firstFrames: readonly string[];
  /** A cancel that came before, as it is stored. */
  cancel: string | undefined;
  /** Called when a log that was lost has been begun anew; again if that fails. */
  reenter: () => Promise<void>;
  /** Ends the tenure. */
  release: TaskLog['release'];
  /** Waits for what the chat has to save before this. */
  predecessorsSaved: () => Promise<void>;
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
