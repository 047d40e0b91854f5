/** Calls a listener or callback of the page: one that throws must not break the stream. */
export function callPage(call: () => void): void {
  try {
    call();
  } catch (error) {
    console.error(error);
  }
}
