import { turns } from './async';

/** What the heap holds once everything is gone that may go, in bytes. */
export async function heapUsed(): Promise<number> {
  const { gc } = globalThis;
  if (!gc) throw new Error('Run with --expose-gc.');
  for (let round = 0; round < 3; round++) {
    // What was referenced weakly goes only after the turn.
    await turns();
    gc();
  }
  return process.memoryUsage().heapUsed;
}
