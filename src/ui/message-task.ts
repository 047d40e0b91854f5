import type { UIMessage } from 'ai';
import type { TaskError } from '../protocol/task-error';
import { isTaskPart, type TaskData } from '../protocol/task-parts';
import { childOf, initialTaskState, reduceTaskChunk, type TaskState } from '../protocol/task-state';
import type { ChatTask } from './chat-task-registry';
import { deriveState, parseText } from './task-stream-state';
import type { TaskStreamState, TaskTransformer } from './task-stream-types';

/** The task of a message that is to be shown. */
export interface MessageTask {
  readonly taskId: string | undefined;
  /** The outermost task around this one, whose stream it came with; itself if it ran within none. */
  readonly rootId: string | undefined;
  /** Whether the given task is this one, or ran within it. */
  has(taskId: string): boolean;
}

/**
 * Finds the task to show: the given one, else the newest that ran within no other. A message has
 * several tasks that ran within no other when a later turn continued it.
 */
export function findMessageTask(
  { parts }: Pick<UIMessage, 'parts'>,
  given: string | undefined,
): MessageTask {
  const snapshots = new Map<string, TaskData>();
  let newest: string | undefined;
  for (const part of parts) {
    if (!isTaskPart(part) || part.type !== 'data-task') continue;
    const { taskId, parentTaskId, toolCallId } = part.data;
    snapshots.set(taskId, part.data);
    if (!parentTaskId && !toolCallId) newest = taskId;
  }
  const taskId = given ?? newest;

  /** The task itself, the task that it ran within, and so on up to the root. */
  function lineageOf(id: string | undefined): Set<string> {
    const lineage = new Set<string>();
    for (let next = id; next && !lineage.has(next); ) {
      lineage.add(next);
      const task = snapshots.get(next);
      // A task within a tool need not name the one around it.
      next = task?.parentTaskId ?? (task?.toolCallId && newest);
    }
    return lineage;
  }

  return {
    taskId,
    rootId: [...lineageOf(taskId)].at(-1),
    has: (id) => taskId !== undefined && lineageOf(id).has(taskId),
  };
}

/**
 * The state of a task by what the message holds, with what only this page knows: logs and partial
 * results that came by, and whether the page follows the task.
 */
export function deriveMessageTask(
  message: UIMessage,
  { taskId, rootId, has }: MessageTask,
  seen: ChatTask | undefined,
  reviver: Reviver | undefined,
): TaskStreamState {
  const { task: passed, connection = 'idle', isStalled = false } = seen ?? {};
  let failure = seen?.failure;
  let task: TaskState = { ...initialTaskState, taskId };
  if (passed && taskId !== undefined) {
    task = {
      ...(taskId === rootId ? passed : (childOf(passed, taskId) ?? task)),
      children: passed.children,
    };
  }
  if (taskId !== undefined) {
    const isNews = createNewsTest(message, task);
    for (const part of message.parts) if (isNews(part)) task = reduceTaskChunk(task, part);
  }

  try {
    if (reviver) task = reviver(task);
  } catch (error) {
    // Told as the task's failure: thrown during a render it would take the whole page down.
    failure ??= error as TaskError;
    const { settlement } = task;
    task = {
      ...task,
      partials: [],
      settlement: settlement && { ...settlement, result: undefined },
    };
  }
  const children = Object.entries(task.children).filter(([id]) => has(id));
  const state = deriveState({
    task: { ...task, children: Object.fromEntries(children) },
    answer: { message },
    connection,
    isStalled,
    failure,
  });
  // A task that this page does not follow (`idle`) may well go on, so it counts as active.
  const isActive = !task.settlement && task.createdAt !== undefined && connection !== 'closed';
  // The reason of a cancel is told, because the message's reader need not be who cancelled.
  return { ...state, isActive, error: failure ?? task.error };
}

/** Returns what tells whether a part of the message says more than what is known of its task. */
function createNewsTest(
  { parts }: UIMessage,
  known: TaskState,
): (part: { type: string }) => boolean {
  const running = new Set<string>();
  const settled = new Set<string>();
  for (const part of parts) {
    if (!isTaskPart(part)) continue;
    if (part.type === 'data-task-settle') settled.add(part.data.taskId);
    if (part.type === 'data-task' && part.data.status === 'running') running.add(part.data.taskId);
  }
  return (part) => {
    if (!isTaskPart(part)) return false;
    const { taskId } = part.data;
    // The page has seen the end of that task within, of which the message may lag behind.
    if (childOf(known, taskId)?.settlement) return false;
    // A task within that runs again has its former end in the message until it has another one.
    const isOver = part.type === 'data-task-error' || part.type === 'data-task-settle';
    return !(isOver && running.has(taskId) && settled.has(taskId));
  };
}

/** Parses the partial results and the result of a task, which are held as text. */
export type Reviver = (task: TaskState) => TaskState;

/** Creates a reviver that parses each partial result once, as long as the list only grows. */
export function createReviver(transformer: TaskTransformer): Reviver {
  let texts: readonly unknown[] = [];
  let values: readonly unknown[] = [];
  const reviveText = (value: unknown) =>
    typeof value === 'string' ? parseText(transformer, value) : value;
  return (task) => {
    const { partials, settlement } = task;
    const known = texts.every((text, index) => text === partials[index]) ? values : [];
    if (texts.length !== partials.length || known !== values) {
      values = [...known, ...partials.slice(known.length).map(reviveText)];
      texts = partials;
    }
    return {
      ...task,
      partials: values,
      settlement: settlement && { ...settlement, result: reviveText(settlement.result) },
    };
  };
}
