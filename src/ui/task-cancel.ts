/** Asks the server to stop a task. Never rejects. */
export interface TaskCancel {
  /**
   * @param reason Told to everybody who follows the task.
   * @returns Whether the server took the request.
   */
  (reason?: string): Promise<boolean>;
  /** As a component's event handler, such as `onClick`: the event is not taken for a reason. */
  (event?: object): Promise<void>;
}

/** Makes a `TaskCancel` of a function that asks the server: an event is left out, a reason is not. */
export function createTaskCancel(
  ask: (reason: string | undefined) => Promise<boolean>,
): TaskCancel {
  function cancel(reason?: string): Promise<boolean>;
  function cancel(event?: object): Promise<void>;
  function cancel(given?: unknown): Promise<unknown> {
    return ask(typeof given === 'string' ? given : undefined);
  }
  return cancel;
}
