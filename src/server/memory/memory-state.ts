import type { TaskStatus } from '../../protocol/task-parts';
import { createEarlyCancels, type EarlyCancels } from '../log/early-cancels';
import type { FrameLog } from '../log/frame-log';
import { ownedKey } from '../log/owned-key';
import type { TaskRecord } from '../log/task-stream-context';
import type { Deferred } from '../time/deferred';

/** A task's log and record. It outlives the module instance that made it. */
export interface MemoryLog
  extends Pick<TaskRecord, 'taskId' | 'owner' | 'chatId' | 'name' | 'definition' | 'createdAt'> {
  readonly token: string;
  readonly retentionMs: number;
  readonly frames: FrameLog;
  /** Estimated bytes held. */
  bytes: number;
  status: TaskStatus;
  /** Aborts when somebody asks the task to stop. The first reason stays. */
  readonly stop: AbortController;
  /** Epoch milliseconds; set once settled. */
  settledAt: number | undefined;
  /** Whether the host has to be told of the outcome, or has yet to be. */
  isUnsaved: boolean;
  /** The message that the task continues, as JSON; kept while it is unsaved. */
  continued: string | undefined;
  /** Whether somebody is telling the host, or will once the task has settled. */
  isHeld: boolean;
  /** The tasks that it superseded in its chat; none any more once it is released. */
  predecessors: readonly MemoryLog[];
  /** Resolves once the host was told of the task, or cannot be. */
  readonly released: Deferred;
}

/** All that memory contexts of one scope hold in this process. */
export interface MemoryState {
  /** In the order of opening. */
  readonly logs: Map<string, MemoryLog>;
  /** By owner, definition (if it is for one only) and taskId. */
  readonly earlyCancels: EarlyCancels;
  /** Tasks in the order of opening, by owner and chat. */
  readonly chats: Map<string, Set<MemoryLog>>;
  /** Settled logs in the order of settling. */
  readonly settled: Map<string, MemoryLog>;
  /** Estimated bytes of all settled logs. */
  settledBytes: number;
  sweepTimer: ReturnType<typeof setTimeout> | undefined;
  /** Epoch milliseconds; `Infinity` when no timer is set. */
  sweepAt: number;
}

const stateKey = Symbol.for('ai-task-stream.memory.v1');

/** The state of a scope that nothing has happened in yet. */
export function createMemoryState(): MemoryState {
  return {
    logs: new Map(),
    earlyCancels: createEarlyCancels(),
    chats: new Map(),
    settled: new Map(),
    settledBytes: 0,
    sweepTimer: undefined,
    sweepAt: Number.POSITIVE_INFINITY,
  };
}

/**
 * The state of a scope. It hangs on `globalThis`, because bundlers instantiate a module once per
 * route and reload it while people edit.
 */
export function memoryStateOf(scope: string): MemoryState {
  const holder = globalThis as { [stateKey]?: Map<string, MemoryState> };
  holder[stateKey] ??= new Map();
  const scopes = holder[stateKey];
  let state = scopes.get(scope);
  if (!state) {
    state = createMemoryState();
    scopes.set(scope, state);
  }
  return state;
}

/** The host was told of the task, or cannot be: it leaves its chat, and those behind it go on. */
export function releaseLog(state: MemoryState, log: MemoryLog): void {
  log.predecessors = [];
  log.released.resolve();
  if (log.chatId === undefined) return;
  const key = ownedKey(log.owner, log.chatId);
  const chat = state.chats.get(key);
  chat?.delete(log);
  if (chat?.size === 0) state.chats.delete(key);
}
