import type { StoredWork, TakeTaskOptions } from './task-attempts';

/** Who asks for a task, and by which definition. */
export interface TaskAsker {
  readonly owner?: string | undefined;
  /** The definition that the task has to be of; `undefined` for any. */
  readonly definition?: string | undefined;
}

/** Whether somebody may know of a task; if not, the task has to look as if it did not exist. */
export function mayKnow(
  task: { readonly owner?: string | undefined; readonly definition?: string | undefined },
  { owner, definition }: TaskAsker,
): boolean {
  return task.owner === owner && (definition === undefined || task.definition === definition);
}

/** Whether a runner may take a task, if it waits: one of its kind, for its definition and version. */
export function mayTake(
  { definition }: { readonly definition?: string | undefined },
  { runner, version }: Pick<StoredWork, 'runner' | 'version'>,
  taker: Pick<TakeTaskOptions, 'definition' | 'runner' | 'version'>,
): boolean {
  return definition === taker.definition && runner === taker.runner && version <= taker.version;
}
