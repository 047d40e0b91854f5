/** Who asks for a task, and by which definition. */
export interface TaskAsker {
  readonly owner?: string | undefined;
  /** `undefined`: of whichever definition. */
  readonly definition?: string | undefined;
}

/** Whether somebody may know of a task; else it has to look like one that does not exist. */
export function mayKnow(
  task: { readonly owner?: string | undefined; readonly definition?: string | undefined },
  { owner, definition }: TaskAsker,
): boolean {
  return task.owner === owner && (definition === undefined || task.definition === definition);
}
