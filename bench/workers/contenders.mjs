/** Whose code runs in a worker, and in the web process. */
export const contenders = {
  'ai-task-stream': () => import('./ai-task-stream.mjs'),
  BullMQ: () => import('./bullmq-alone.mjs'),
};
