import { type RefObject, useEffect } from 'react';

/** How far above the end, in pixels, a reader still counts as being at the end. */
const tolerance = 80;

/**
 * Keeps the end of the page in sight while something on it grows, unless the reader has scrolled
 * away from it. `key` takes the reader to the end whenever it changes.
 */
export function useStickToEnd(growing: RefObject<HTMLElement | null>, key: unknown): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is there to begin anew.
  useEffect(() => {
    const element = growing.current;
    if (!element) return;
    let isAtEnd = true;
    let position = 0;
    const toEnd = () => window.scrollTo({ top: document.documentElement.scrollHeight });
    const onScroll = () => {
      const { scrollY, innerHeight } = window;
      const { scrollHeight } = document.documentElement;
      // Only a reader scrolls up: growing content never does.
      if (scrollY + innerHeight >= scrollHeight - tolerance) isAtEnd = true;
      else if (scrollY < position) isAtEnd = false;
      position = scrollY;
    };
    const observer = new ResizeObserver(() => {
      if (isAtEnd) toEnd();
    });
    toEnd();
    observer.observe(element);
    window.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      window.removeEventListener('scroll', onScroll);
    };
  }, [growing, key]);
}
