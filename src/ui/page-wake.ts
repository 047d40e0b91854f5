/** Whether attempts are bound to fail, or nobody is looking: the page is offline or hidden. */
export function isPageAway(): boolean {
  return (
    globalThis.navigator?.onLine === false || globalThis.document?.visibilityState === 'hidden'
  );
}

/** Calls the listener when the page comes online or becomes visible; returns the way to stop. */
export function onPageWake(listener: () => void): () => void {
  const onVisibilityChange = () => {
    if (!isPageAway()) listener();
  };
  // Node has neither, and React Native no document.
  globalThis.addEventListener?.('online', listener);
  globalThis.document?.addEventListener('visibilitychange', onVisibilityChange);
  return () => {
    globalThis.removeEventListener?.('online', listener);
    globalThis.document?.removeEventListener('visibilitychange', onVisibilityChange);
  };
}
