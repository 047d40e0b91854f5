import { checkCounts } from '../log/check-counts';
import { createDeferred } from '../time/deferred';

/** A place for one task. It is taken before the task is started. */
interface TaskSlot {
  /** Keeps the place until the task is over; `undefined`, when no task was started, frees it. */
  hold(task: Promise<unknown> | undefined): void;
}

export interface TaskSlots {
  /** Takes a place for one more task of the owner; `undefined` when as many run as may. */
  take(owner: string | undefined): Promise<TaskSlot | undefined>;
}

interface OwnerSlots {
  taken: number;
  /** Starts that are under way. Each promise resolves when it is known whether a task runs. */
  readonly starting: Set<Promise<void>>;
}

/**
 * Counts the tasks that run for each owner. A place is taken before the task is started, so that
 * there are never too many tasks. A request that finds no place waits for the starts under way,
 * because a start that merely joins a task gives its place back.
 *
 * @throws TaskError `invalid-options`.
 */
export function createTaskSlots(max: number): TaskSlots {
  checkCounts({ maxConcurrent: max }, { mayBeAny: true });
  const owners = new Map<string | undefined, OwnerSlots>();

  const takeNow = (owner: string | undefined, slots: OwnerSlots): TaskSlot => {
    const { promise: starting, resolve: endStart } = createDeferred();
    slots.taken++;
    slots.starting.add(starting);
    let isHeld = false;
    const release = () => {
      slots.taken--;
      if (slots.taken === 0) owners.delete(owner);
    };
    return {
      hold(task) {
        if (isHeld) return;
        isHeld = true;
        slots.starting.delete(starting);
        if (task) task.then(release, release);
        else release();
        endStart();
      },
    };
  };

  return {
    async take(owner) {
      for (;;) {
        const slots = owners.get(owner) ?? { taken: 0, starting: new Set() };
        owners.set(owner, slots);
        if (slots.taken < max) return takeNow(owner, slots);
        if (slots.starting.size === 0) return undefined;
        await Promise.race(slots.starting);
      }
    },
  };
}
