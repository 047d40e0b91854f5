/** Whether the page is hidden, so that nobody looks at it. */
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

/** Whether the page is offline, and will get an event when it is online again. */
export function hearsOnline(): boolean {
  return isPageOffline() && !!globalThis.addEventListener;
}

/** Calls the listener when the page comes online or becomes visible; returns the way to stop. */
export function onPageWake(listener: () => void): () => void {
  const onVisibilityChange = () => {
    if (!isPageAway()) listener();
  };
  // Node has neither of these functions; React Native has no document, or a stub of one.
  globalThis.addEventListener?.('online', listener);
  globalThis.document?.addEventListener?.('visibilitychange', onVisibilityChange);
  return () => {
    globalThis.removeEventListener?.('online', listener);
    globalThis.document?.removeEventListener?.('visibilitychange', onVisibilityChange);
  };
}

/** Calls the listener when somebody comes back to the page; returns the way to stop. */
export function onPageReturn(listener: () => void): () => void {
  const removeWake = onPageWake(listener);
  // Of two windows side by side, both are visible all the time.
  globalThis.addEventListener?.('focus', listener);
  return () => {
    removeWake();
    globalThis.removeEventListener?.('focus', listener);
  };
}
