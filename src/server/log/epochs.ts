/** 2025-01-01T00:00Z in milliseconds since 1970: epochs count from here, so that they are short. */
export const epochOrigin = 1_735_689_600_000;

const stateKey = Symbol.for('ai-task-stream.epochs.v1');

/** On `globalThis`, because bundlers instantiate a module once per route. */
function state(): { newest: number } {
  const holder = globalThis as { [stateKey]?: { newest: number } };
  holder[stateKey] ??= { newest: 0 };
  return holder[stateKey];
}

/** The highest epoch that this process has seen of any log. */
export function newestEpoch(): number {
  return state().newest;
}

/** Takes note of an epoch, so that those which are drawn here lie above it. */
export function noteEpoch(epoch: number): void {
  const known = state();
  if (epoch > known.newest) known.newest = epoch;
}

/**
 * The first epoch of a new log: by the clock, so that no earlier log of its id had it, also in a
 * process that knows nothing of that one; and above all that this process has seen, so that it
 * rises when the clock is set back.
 */
export function drawEpoch(): number {
  const epoch = Math.max(Date.now() - epochOrigin, newestEpoch() + 1);
  noteEpoch(epoch);
  return epoch;
}
