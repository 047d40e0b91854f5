import type { TaskStatus } from '../../protocol/task-parts';
import { createDraining, type DrainControl } from '../log/draining';
import { createEarlyCancels, type EarlyCancels } from '../log/early-cancels';
import type { FrameLog } from '../log/frame-log';
import type { KnownTask } from '../log/known-task';
import { ownedKey } from '../log/owned-key';
import { processWide } from '../log/process-wide';
import type { Deferred } from '../time/deferred';
import type { MemoryAttempts } from './memory-attempts';

/** A task's log and record. Both outlive the instance of this module that made them. */
export interface MemoryLog extends KnownTask {
  readonly taskId: string;
  /** The token with which the task was opened. */
  readonly openedBy: string;
  /** The token of whoever may write; with attempts, another one each time. */
  token: string;
  readonly retentionMs: number;
  /** How many bytes all settled logs together may take. */
  readonly maxTotalBytes: number;
  readonly frames: FrameLog;
  /** Estimated bytes held. */
  bytes: number;
  status: TaskStatus;
  /** Aborts when somebody asks the task to stop. The first reason stays. */
  readonly stop: AbortController;
  /** Which attempt runs or has run last; absent where there can be one only. */
  attempt: number | undefined;
  /** Set while the task may be attempted again. */
  attempts: MemoryAttempts | undefined;
  /** Epoch milliseconds; set once settled. */
  settledAt: number | undefined;
  /** Whether the host still has to be told of the outcome. */
  isUnsaved: boolean;
  /** The message that the task continues, as JSON; kept while the outcome is unsaved. */
  continued: string | undefined;
  /** Whether somebody is telling the host, or will once the task has settled. */
  isHeld: boolean;
  /** The tasks that this one superseded in its chat; empty once this one is released. */
  predecessors: readonly MemoryLog[];
  /** Resolves once the host was told of the task, or cannot be. */
  readonly released: Deferred;
}

/** All that memory contexts of one scope hold in this process. */
export interface MemoryState {
  /** All logs by taskId, in the order of opening. */
  readonly logs: Map<string, MemoryLog>;
  /** Cancels that wait for their tasks, by owner, definition (if one was named) and taskId. */
  readonly earlyCancels: EarlyCancels;
  /** When somebody has to look at each open task, in epoch milliseconds. */
  readonly openTasks: Map<MemoryLog, number>;
  /** Tasks in the order of opening, by owner and chat. */
  readonly chats: Map<string, Set<MemoryLog>>;
  /** Settled logs in the order of settling. */
  readonly settled: Map<string, MemoryLog>;
  /** Estimated bytes of all settled logs. */
  settledBytes: number;
  sweepTimer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires, in epoch milliseconds; `Infinity` when no timer is set. */
  sweepAt: number;
  /** How this process takes leave of all of these tasks. */
  readonly control: DrainControl;
}

/** Creates the empty state of a scope. */
export function createMemoryState(): MemoryState {
  return {
    logs: new Map(),
    earlyCancels: createEarlyCancels(),
    openTasks: new Map(),
    chats: new Map(),
    settled: new Map(),
    settledBytes: 0,
    sweepTimer: undefined,
    sweepAt: Number.POSITIVE_INFINITY,
    // What is in the memory of this process ends with it.
    control: createDraining({ canHandOver: false }),
  };
}

/** The state of a scope, which all contexts of that scope in this process share. */
export function memoryStateOf(scope: string): MemoryState {
  const scopes = processWide('memory.v2', () => new Map<string, MemoryState>());
  let state = scopes.get(scope);
  if (!state) {
    state = createMemoryState();
    scopes.set(scope, state);
  }
  return state;
}

/**
 * To be called when the host was told of the task, or cannot be told: the task leaves its chat, and
 * tasks that wait for it go on.
 */
export function releaseLog(state: MemoryState, log: MemoryLog): void {
  log.predecessors = [];
  log.released.resolve();
  if (log.chatId === undefined) return;
  const key = ownedKey(log.owner, log.chatId);
  const chat = state.chats.get(key);
  chat?.delete(log);
  if (chat?.size === 0) state.chats.delete(key);
}
