// Runs in Chromium: follows tasks as they are named.
import { createTaskStream } from 'ai-task-stream/ui';
import { shownOf } from './shown-task';

Object.assign(window, {
  async followTask(kind: string, taskId: string) {
    const stream = createTaskStream({ api: `/${kind}` });
    await stream.resume(taskId);
    return shownOf(stream);
  },
});
