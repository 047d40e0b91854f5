export type { CreateStreamContext } from './contract/bench';
export type { StreamContextPromise } from './contract/promises';
export type { TestRunner } from './test-runner';
export { type TestStreamContextOptions, testStreamContext } from './test-stream-context';
