/** The taskId that this tab keeps under a key, so that it survives a reload. */
export function recallTask(key: string): string | undefined {
  try {
    return globalThis.sessionStorage?.getItem(key) ?? undefined;
  } catch {
    // The browser forbids storage to this page.
    return undefined;
  }
}

/** Keeps a taskId under a key, or with `undefined` forgets it. */
export function rememberTask(key: string, taskId: string | undefined): void {
  try {
    if (taskId === undefined) globalThis.sessionStorage?.removeItem(key);
    else globalThis.sessionStorage?.setItem(key, taskId);
  } catch {
    // The browser forbids storage to this page, or it is full.
  }
}
