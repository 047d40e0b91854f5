// The monotonic clock is the same in every process of a machine; `performance.now()` reads it too,
// from an origin of its own, and costs less. Of several samples the highest counts: the process may
// have been put aside between the two readings.
const samples = Array.from(
  { length: 100 },
  () => Number(process.hrtime.bigint()) / 1e6 - performance.now(),
);
const origin = Math.max(...samples);

/** Milliseconds on a clock that all processes of this machine share. */
export function now() {
  return origin + performance.now();
}
