import { TaskError } from '../../protocol/task-error';
import { hexDigest } from '../log/hex-digest';

/** The taskId of a task within another that has a key: the same one in each attempt. */
export async function keyedTaskId(parentTaskId: string, key: string): Promise<string> {
  const digest = await hexDigest('SHA-256', JSON.stringify([parentTaskId, String(key)]));
  return digest.slice(0, 32);
}

export function createKeyInUseError(key: string | undefined): TaskError {
  return new TaskError({
    code: 'key-in-use',
    message: `A task with the key ${JSON.stringify(key)} runs already. Give each call of \`task.run\` a key of its own, such as the toolCallId, or wait for the end of the other one.`,
    details: { key },
  });
}
