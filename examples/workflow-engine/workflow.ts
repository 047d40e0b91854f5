import { type TaskRunnerQueue, type TaskStreamContext, takeTask } from 'ai-task-stream/server';
import { report } from './report';

/** All that is needed of the engine's client. */
export interface WorkflowEngine {
  /** Starts a workflow that makes the step below, once for each id, however often it is asked. */
  startWorkflow(id: string, input: StepInput): Promise<void>;
}

export interface StepInput {
  readonly taskId: string;
}

/** Tells tasks apart that the engine runs from those that any process may take up. */
const runner = 'queue:workflows';

/** For `createTaskRoute(report, { streamContext, queue: toQueue(engine) })`. */
export function toQueue(engine: WorkflowEngine): TaskRunnerQueue {
  return {
    runner,
    maxWaitMs: 7 * 24 * 60 * 60 * 1_000,
    async enqueue({ taskId, attempt }) {
      await engine.startWorkflow(`${taskId}-${attempt}`, { taskId });
      return 'asked';
    },
    // The step finds out by itself that its task is over.
    async remove() {},
  };
}

/** The step, or activity, of the workflow. The engine makes it again for as long as it throws. */
export function createReportStep(streamContext: TaskStreamContext) {
  return async ({ taskId }: StepInput): Promise<{ status: string }> => {
    const taken = await takeTask(report, taskId, { streamContext, runner });
    await taken?.settled;
    await taken?.released;
    const status = (await streamContext.inspect(taskId))?.status ?? 'expired';
    // It was handed over, or the process that made this step before is lost, and not missed yet.
    if (status === 'pending' || status === 'running') throw new Error('The task is not over yet.');
    return { status };
  };
}
