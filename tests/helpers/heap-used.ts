import { turns } from './async';

/** The size of the heap in bytes, once all garbage was collected. */
export async function heapUsed(): Promise<number> {
  const { gc } = globalThis;
  if (!gc) throw new Error('Run with --expose-gc.');
  for (let round = 0; round < 3; round++) {
    // Weakly referenced objects are collected only in a later turn of the event loop.
    await turns();
    gc();
  }
  return process.memoryUsage().heapUsed;
}
