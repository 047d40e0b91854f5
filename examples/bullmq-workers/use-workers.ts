import { useEffect, useState } from 'react';
import type { ShownWorker } from './web';

/** The workers as they are, asked for again and again. */
export function useWorkers(): readonly ShownWorker[] {
  const [workers, setWorkers] = useState<readonly ShownWorker[]>([]);
  useEffect(() => {
    const leaving = new AbortController();
    const look = async () => {
      const response = await fetch('/demo/workers', { signal: leaving.signal });
      setWorkers(await response.json());
    };
    const lookAgain = () =>
      look().catch(() => {
        // The web process is away for the moment, or the page has left.
      });
    void lookAgain();
    const timer = setInterval(lookAgain, 300);
    return () => {
      clearInterval(timer);
      leaving.abort();
    };
  }, []);
  return workers;
}
