import { vi } from 'vitest';

/** The parts of a browser page that a client listens to. */
export interface Page {
  setOnline(isOnline: boolean): void;
  setVisible(isVisible: boolean): void;
  /** Tells that the window has got the focus. */
  focus(): void;
  /** How many listeners there are, on the window and the document together. */
  listenerCount(): number;
}

/** Stubs a window, a document and a navigator; `vi.unstubAllGlobals` removes them. */
export function stubPage(): Page {
  const counted = new Set<unknown>();
  const target = () => {
    const events = new EventTarget();
    return {
      addEventListener(type: string, listener: () => void) {
        counted.add(listener);
        events.addEventListener(type, listener);
      },
      removeEventListener(type: string, listener: () => void) {
        counted.delete(listener);
        events.removeEventListener(type, listener);
      },
      dispatchEvent: (event: Event) => events.dispatchEvent(event),
    };
  };
  const window = target();
  const document = { ...target(), visibilityState: 'visible' };
  const navigator = { onLine: true };
  vi.stubGlobal('addEventListener', window.addEventListener);
  vi.stubGlobal('removeEventListener', window.removeEventListener);
  vi.stubGlobal('document', document);
  vi.stubGlobal('navigator', navigator);
  return {
    setOnline(isOnline) {
      navigator.onLine = isOnline;
      window.dispatchEvent(new Event(isOnline ? 'online' : 'offline'));
    },
    setVisible(isVisible) {
      document.visibilityState = isVisible ? 'visible' : 'hidden';
      document.dispatchEvent(new Event('visibilitychange'));
    },
    focus: () => void window.dispatchEvent(new Event('focus')),
    listenerCount: () => counted.size,
  };
}
