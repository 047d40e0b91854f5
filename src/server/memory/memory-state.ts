import type { TaskStatus } from '../../protocol/task-parts';
import { createEarlyCancels, type EarlyCancels } from '../log/early-cancels';
import type { LogWindow } from '../log/log-window';
import { ownedKey } from '../log/owned-key';

/** A task's log and record. It outlives the module instance that made it. */
export interface MemoryLog {
  readonly taskId: string;
  readonly token: string;
  readonly owner: string | undefined;
  readonly chatId: string | undefined;
  readonly name: string | undefined;
  readonly definition: string | undefined;
  readonly createdAt: number;
  readonly retentionMs: number;
  /** The log: of one epoch, which no earlier log of the task had. */
  readonly window: LogWindow;
  /** Estimated bytes held. */
  bytes: number;
  status: TaskStatus;
  /** Set when somebody asked the task to stop. */
  cancel: { readonly reason: string | undefined } | undefined;
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
  isReleased: boolean;
  /** Called once it is released. */
  readonly releaseWaiters: Set<() => void>;
  /** Producers: called when the task is asked to stop. */
  readonly cancelListeners: Set<() => void>;
}

/** All that memory contexts of one scope hold in this process. */
export interface MemoryState {
  /** In the order of opening. */
  readonly logs: Map<string, MemoryLog>;
  /** By owner, definition (if it is for one only) and taskId. */
  readonly earlyCancels: EarlyCancels;
  /** taskIds in the order of opening, by owner and chat. */
  readonly chats: Map<string, string[]>;
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

/** Takes note that the host was told of the task, or cannot be. */
export function markReleased(log: MemoryLog): void {
  log.isReleased = true;
  log.predecessors = [];
  for (const waiter of log.releaseWaiters) waiter();
  log.releaseWaiters.clear();
}

/** Resolves once the tasks before it in its chat are released. */
export async function predecessorsReleased({ predecessors }: MemoryLog): Promise<void> {
  const waiting = predecessors.filter((log) => !log.isReleased);
  await Promise.all(
    waiting.map((log) => new Promise<void>((resolve) => log.releaseWaiters.add(resolve))),
  );
}

/** Forgets that the task belongs to its chat. */
export function leaveChat(state: MemoryState, log: MemoryLog): void {
  if (log.chatId === undefined) return;
  const key = ownedKey(log.owner, log.chatId);
  const others = state.chats.get(key)?.filter((taskId) => taskId !== log.taskId) ?? [];
  if (others.length > 0) state.chats.set(key, others);
  else state.chats.delete(key);
}
