/**
 * Calls a callback of the host. A callback that throws or rejects, or that is no function, is told
 * to `onFailure` and breaks nothing here.
 */
export function callHost(call: () => unknown, onFailure: (error: unknown) => void): void {
  try {
    Promise.resolve(call()).catch(onFailure);
  } catch (error) {
    onFailure(error);
  }
}
