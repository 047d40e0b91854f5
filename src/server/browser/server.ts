import { refuseInBrowser } from './refuse-in-browser';

// What bundlers for pages get in place of `ai-task-stream/server`: the same names.
const nothing: never = refuseInBrowser('server');

export {
  nothing as applyTurn,
  nothing as attemptFrames,
  nothing as cancelTask,
  nothing as changesBetween,
  nothing as checkedContext,
  nothing as checkMessage,
  nothing as createChatRoute,
  nothing as createFrameLog,
  nothing as createLostTask,
  nothing as createMemoryStreamContext,
  nothing as createTaskRoute,
  nothing as defineTask,
  nothing as drainableContext,
  nothing as drainOnSignal,
  nothing as hasAnswer,
  nothing as migrateMessages,
  nothing as placeAnswer,
  nothing as readBodyFields,
  nothing as readChatBody,
  nothing as readChatId,
  nothing as resumeTask,
  nothing as streamTask,
  nothing as superviseOnce,
  nothing as superviseTasks,
  nothing as takeTask,
  nothing as toNodeHandler,
  nothing as toResumableStreamContext,
};
