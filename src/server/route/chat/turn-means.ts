import type { UIMessage } from 'ai';
import type { TaskStreamContext } from '../../log/task-stream-context';
import type { TaskSettleEvent } from '../../task/task-options';
import type { ChatStore } from './chat-store';
import type { PlainChat, TurnInput } from './plain-chat';
import type { UnsavedTurns } from './unsaved-turns';

/** What all steps of a chat's turns need. */
export interface TurnMeans {
  readonly chat: PlainChat;
  readonly context: TaskStreamContext;
  readonly store: ChatStore;
  readonly unsaved: UnsavedTurns;
  /** How long the host has to save, and what came before to end, in milliseconds. */
  readonly maxSavingMs: number;
  /** Saves the end of a turn, whoever has run it. */
  readonly saveEnd: (event: TaskSettleEvent<unknown>) => Promise<void>;
  report(error: unknown, taskId: string): void;
}

/** What a turn is told of itself when its outcome is. */
export interface TurnSettleEvent extends TaskSettleEvent<unknown> {
  readonly turn?: TurnInput;
  /** The message that the turn went on with, as it was then. */
  readonly continued?: UIMessage;
}
