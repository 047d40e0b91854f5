import type { TaskStreamContext } from 'ai-task-stream/server';
import { checkedContext } from '../../src/server/log/checked-context';
import { drainableContext } from '../../src/server/log/drainable-context';
import { createMemoryState } from '../../src/server/memory/memory-state';
import { createMemoryContext } from '../../src/server/memory/memory-stream-context';

/** Makes contexts as several processes would have them that share one storage, which is here in memory. */
export function createSharedMemory(): () => TaskStreamContext {
  const state = createMemoryState();
  return () => drainableContext(checkedContext(createMemoryContext(state)));
}
