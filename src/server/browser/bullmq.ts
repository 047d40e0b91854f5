import { refuseInBrowser } from './refuse-in-browser';

// What bundlers for pages get in place of `ai-task-stream/bullmq`: the same names.
const nothing: never = refuseInBrowser('bullmq');

export { nothing as createTaskQueue };
