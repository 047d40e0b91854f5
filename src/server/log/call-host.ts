/**
 * Calls a callback of the host's. One that fails, at once or later, or that is no function, must
 * not break what goes on here.
 */
export function callHost(call: () => unknown, onFailure: (error: unknown) => void): void {
  try {
    Promise.resolve(call()).catch(onFailure);
  } catch (error) {
    onFailure(error);
  }
}
