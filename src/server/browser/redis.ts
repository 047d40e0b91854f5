import { refuseInBrowser } from './refuse-in-browser';

// What bundlers for pages get in place of `ai-task-stream/redis`: the same names.
const nothing: never = refuseInBrowser('redis');

export { nothing as createRedisStreamContext };
