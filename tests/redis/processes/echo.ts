// Runs one task, sends its result, and then sends back whatever it gets.
import { createMemoryStreamContext, streamTask } from 'ai-task-stream/server';

const task = streamTask({
  streamContext: createMemoryStreamContext(),
  execute: () => ({ args: process.argv.slice(2), greeting: process.env.GREETING }),
});

process.send?.(await task.result);
console.error('ready');
process.on('message', (message) => process.send?.(message));
