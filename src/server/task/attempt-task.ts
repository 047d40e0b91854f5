import type { TaskReporterCore } from './create-task-reporter';
import type { RunNestedTask, TaskAttempt, TaskReporter } from './task-reporter';

/** What the work of a task, or of one within it, reports with. */
export function attemptTask(
  reports: TaskReporterCore['task'],
  attempt: TaskAttempt,
  run: RunNestedTask,
): TaskReporter {
  return {
    ...reports,
    ...attempt,
    // It changes while the work runs.
    get isDraining() {
      return attempt.isDraining;
    },
    run,
  };
}
