/** Asks the server to stop a task. Never rejects. */
export interface TaskCancel {
  /**
   * @param reason Told to everybody who follows the task.
   * @returns Whether the server took the request.
   */
  (reason?: string): Promise<boolean>;
  /** As a component's `onClick` or `stop`: an event is no reason. */
  (event?: object): Promise<void>;
}

/** Makes one; components call it with their events, which are left out. */
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
