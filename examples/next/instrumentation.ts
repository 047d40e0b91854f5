import { createMemoryStreamContext, drainOnSignal } from 'ai-task-stream/server';

export function register(): void {
  // At SIGTERM `next start` waits for the open responses, and then ends the process by itself.
  drainOnSignal(createMemoryStreamContext());
}
