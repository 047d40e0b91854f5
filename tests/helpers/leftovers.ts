// Watches what tests leave behind: rejections that nobody handled, and, where the event loop is the
// test's own, timers, sockets, servers and child processes that keep the process alive. Loaded once in
// a process, however many files of tests that runs.

/** How long what a test has closed may take until it is gone. Bounded, and paid only when slow. */
const settleMs = 5_000;

/** Kinds of `process.getActiveResourcesInfo()` that a test can leave behind. Timers are apart. */
const watchedKinds = /^(TCP|TLS|Pipe|UDP|Process)/;

/** With a DOM in the process, its window holds timers of its own. */
const watchesResources = typeof window === 'undefined';

// Taken before any test can install fake ones.
const { setTimeout: realSetTimeout, setInterval: realSetInterval, setImmediate } = globalThis;
const { hrtime } = process;

/** What was running at a time. */
export interface Running {
  timers: Set<NodeJS.Timeout>;
  resources: Map<string, number>;
}

/** Timers that are not known to be over, with the place that made them. */
const timers = new Map<NodeJS.Timeout, Error>();
const strayErrors: unknown[] = [];

process.on('unhandledRejection', (reason) => strayErrors.push(reason));
process.on('uncaughtException', (error) => strayErrors.push(error));

if (watchesResources) {
  globalThis.setTimeout = recorded('setTimeout', realSetTimeout);
  globalThis.setInterval = recorded('setInterval', realSetInterval);
}

/** Fails if more is running than before, once what was closed had the time to go. */
export async function expectNothingLeft(who: string, before: Running): Promise<void> {
  // Rejections surface after the microtasks of a turn of the event loop.
  await nextTurn();
  await nextTurn();
  if (strayErrors.length > 0) {
    const [first] = strayErrors;
    throw new AggregateError(
      strayErrors.splice(0),
      `${who} left an unhandled rejection or an uncaught exception behind: ${describe(first)}`,
    );
  }
  if (!watchesResources) return;
  const deadline = hrtime.bigint() + BigInt(settleMs) * 1_000_000n;
  let leftovers = findLeftovers(before);
  while (leftovers.length > 0 && hrtime.bigint() < deadline) {
    await new Promise((resolve) => realSetTimeout(resolve, 5));
    leftovers = findLeftovers(before);
  }
  if (leftovers.length > 0) {
    throw new Error(`${who} left something running:\n${leftovers.map(describe).join('\n')}`);
  }
}

export function running(): Running {
  forgetTimersThatAreOver();
  const resources = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (watchedKinds.test(kind)) resources.set(kind, (resources.get(kind) ?? 0) + 1);
  }
  return { timers: new Set(timers.keys()), resources };
}

function findLeftovers(before: Running): (Error | string)[] {
  const leftovers: (Error | string)[] = [];
  const now = running();
  for (const [timer, origin] of timers) {
    if (!before.timers.has(timer)) leftovers.push(origin);
  }
  for (const [kind, count] of now.resources) {
    const countBefore = before.resources.get(kind) ?? 0;
    if (count > countBefore) leftovers.push(`${kind}: ${count}, ${countBefore} before`);
  }
  return leftovers;
}

/** Those that fired or were cleared, and those that do not keep the process alive. */
function forgetTimersThatAreOver(): void {
  for (const timer of timers.keys()) {
    const isOver = (timer as { _destroyed?: boolean })._destroyed === true;
    if (isOver || !timer.hasRef()) timers.delete(timer);
  }
}

/** The same function, which also notes each timer and the place that made it. */
function recorded<Schedule extends typeof setTimeout | typeof setInterval>(
  name: string,
  schedule: Schedule,
): Schedule {
  let made = 0;
  const recording = (...args: Parameters<typeof setTimeout>): NodeJS.Timeout => {
    const timer = (schedule as typeof setTimeout)(...args);
    timers.set(timer, new Error(`${name} is still pending`));
    made += 1;
    // A test that makes very many need not hold them all until it ends.
    if (made % 10_000 === 0) forgetTimersThatAreOver();
    return timer;
  };
  return Object.assign(recording, schedule) as unknown as Schedule;
}

function describe(leftover: unknown): string {
  return leftover instanceof Error ? (leftover.stack ?? leftover.message) : String(leftover);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
