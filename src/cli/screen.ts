import type { TaskStreamState } from '../ui';

/** Where a task is shown: progress and notes on standard error, its text on standard output. */
export interface Screen {
  /** Takes in how the task stands now, and how many partial results it has. */
  show(state: TaskStreamState, partialCount: number): void;
  /** Prints a line on standard error that stays. */
  note(line: string): void;
  /** Prints text on standard output, as it is. */
  write(text: string): void;
  /** Clears what is not meant to stay. Idempotent. */
  close(): void;
}

/** What a screen needs of a standard stream. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}
