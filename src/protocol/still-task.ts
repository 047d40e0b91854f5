import { stillList } from './growing-list';
import { once } from './once';
import type { TaskState } from './task-state';

/**
 * A copy of a task's state that stays as it is now, although `growTask` adds to the original. Logs
 * and partial results are copied when somebody looks at them, and are the same arrays as before
 * while none was added.
 *
 * @param fields Put beside the fields of the state, or in their place.
 */
export function stillTask<State extends TaskState, Fields extends object>(
  state: State,
  fields: Fields,
): Omit<State, keyof Fields> & Fields {
  const logs = stillList(state.logs);
  const partials = stillList(state.partials);
  return {
    ...state,
    ...fields,
    children: once(state.children, stillChildren),
    get logs() {
      return logs();
    },
    get partials() {
      return partials();
    },
  };
}

function stillChildren(children: TaskState['children']): TaskState['children'] {
  const entries = Object.entries(children).map(([taskId, child]) => [
    taskId,
    once(child, (task) => stillTask(task, {})),
  ]);
  return Object.fromEntries(entries);
}
