export type { CreateStreamContext } from './contract/bench';
export type { LoseFrames } from './contract/lost-frames';
export type { DeafenStreamContext } from './contract/lost-notifications';
export type { StreamContextPromise } from './contract/promises';
export type { CutStreamContext } from './contract/storage-trouble';
export {
  createFaultSchedule,
  type FaultScheduleOptions,
  type FaultyCall,
  type StreamContextFault,
} from './fault-schedule';
export { createFaultyStreamContext, type FaultyStreamContext } from './faulty-stream-context';
export { createManualClock, type ManualClock, type ManualClockOptions } from './manual-clock';
export {
  type ReadTask,
  type ReadTaskResponse,
  type ReadTaskResponseOptions,
  readTask,
} from './read-task';
export {
  type DefinitionRun,
  type RunDefinitionOptions,
  type RunnableDefinition,
  runDefinition,
} from './run-definition';
export type { SeenTask } from './seen-task';
export type { TestRunner } from './test-runner';
export { type TestStreamContextOptions, testStreamContext } from './test-stream-context';
