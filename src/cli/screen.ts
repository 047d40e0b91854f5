import type { TaskStreamState } from '../ui';

/** Where a task is shown: standard error, and what goes to standard output besides. */
export interface Screen {
  /** Takes in how the task stands now, and how many partial results it has. */
  show(state: TaskStreamState, partialCount: number): void;
  /** A line on standard error that stays. */
  note(line: string): void;
  /** Text on standard output, as it is. */
  write(text: string): void;
  /** Takes down what is not meant to stay. Idempotent. */
  close(): void;
}

/** What a screen needs of a standard stream. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}
