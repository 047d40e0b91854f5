/** How long a job is left to others, at least, in milliseconds. */
const leaveMs = 500;

/** How far apart jobs that were left come again, at least, in milliseconds. */
const spaceMs = 20;

/**
 * Makes what says until when a worker leaves a job that only workers of a newer release can do. Which of
 * them gets the job then is chance, so a few come again soon. Many of them, while there are old workers
 * only, would keep these from all other work, so they come again one after the other.
 */
export function createLeaveTimes(): (now: number) => number {
  let last = 0;
  return (now) => {
    last = Math.max(last + spaceMs, now + leaveMs);
    return last;
  };
}
