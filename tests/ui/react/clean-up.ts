import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';

/** Returns how a test says what to do after it, once its components are unmounted; the last comes first. */
export function setUpCleaning(): (cleanUp: () => unknown) => void {
  // However slow the machine is; the test's own time limit ends a wait in vain.
  configure({ asyncUtilTimeout: 60_000 });
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    cleanup();
    for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
  });
  return (cleanUp) => void cleanups.push(cleanUp);
}
