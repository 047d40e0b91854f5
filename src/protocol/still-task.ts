import { stillList } from './growing-list';
import { once } from './once';
import type { TaskState } from './task-state';

/**
 * A task that `growTask` made, as it is now, whatever comes after. Its logs and partial results are
 * copied when somebody looks at them, and are the same arrays as long as none was added.
 *
 * @param fields Put beside those of the task.
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
