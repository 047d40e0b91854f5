import type { TaskStreamState } from '../ui';

/** Whether the task has begun, and waits for a process to go on with it. */
export function isWaiting({
  status,
  heartbeat,
}: Pick<TaskStreamState, 'status' | 'heartbeat'>): boolean {
  return status === 'pending' && heartbeat?.waiting === true;
}
