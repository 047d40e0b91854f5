import { beginsWith } from '../../protocol/begins-with';

/**
 * Returns a test for the frames that hold a task's own parts of a type. It compares the first words
 * of a frame, because the chunks that this package makes begin with their type and id.
 */
export function taskPartTest(
  type: 'data-task' | 'data-task-settle',
  taskId: string,
): (frame: string) => boolean {
  const prefix = `{"type":"${type}","id":${JSON.stringify(taskId)}`;
  return (frame) => beginsWith(frame, prefix);
}
