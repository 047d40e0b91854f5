/** Whether nobody is looking, as far as the page knows. */
export function isPageHidden(): boolean {
  return globalThis.document?.visibilityState === 'hidden';
}

/** Whether the page is offline. */
function isPageOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}

/** Whether attempts are bound to fail, or nobody is looking: the page is offline or hidden. */
export function isPageAway(): boolean {
  return isPageOffline() || isPageHidden();
}

/** Whether the page is offline, and will be told when it is not any more. */
export function hearsOnline(): boolean {
  return isPageOffline() && !!globalThis.addEventListener;
}

/** Calls the listener when the page comes online or becomes visible; returns the way to stop. */
export function onPageWake(listener: () => void): () => void {
  const onVisibilityChange = () => {
    if (!isPageAway()) listener();
  };
  // Node has neither; React Native has no document, or a stub of one.
  globalThis.addEventListener?.('online', listener);
  globalThis.document?.addEventListener?.('visibilitychange', onVisibilityChange);
  return () => {
    globalThis.removeEventListener?.('online', listener);
    globalThis.document?.removeEventListener?.('visibilitychange', onVisibilityChange);
  };
}
