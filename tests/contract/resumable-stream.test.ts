import { testStreamContext } from 'ai-task-stream/testing';
import { createResumableStreamContext } from 'resumable-stream/generic';
import { describe, it } from 'vitest';
import { createMemoryBus } from '../helpers/memory-bus';
import { liveOnly } from './live-only';

const bus = createMemoryBus();

testStreamContext(
  () => createResumableStreamContext({ waitUntil: () => {}, ...bus.createClients() }),
  { describe, it, name: 'A context of `resumable-stream`', without: liveOnly },
);
