import { refuseInBrowser } from './refuse-in-browser';

// What bundlers for pages get in place of `ai-task-stream/server`: the same names.
const nothing: never = refuseInBrowser('server');

export {
  nothing as attemptFrames,
  nothing as cancelTask,
  nothing as checkedContext,
  nothing as createFrameLog,
  nothing as createLostTask,
  nothing as createMemoryStreamContext,
  nothing as createTaskRoute,
  nothing as defineTask,
  nothing as drainableContext,
  nothing as drainOnSignal,
  nothing as resumeTask,
  nothing as streamTask,
  nothing as superviseOnce,
  nothing as superviseTasks,
  nothing as toNodeHandler,
  nothing as toResumableStreamContext,
};
