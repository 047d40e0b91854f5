import { createResumableStreamContext } from 'resumable-stream/generic';
import { toTaskStreamContext } from '../../src/server/resumable/to-task-stream-context';
import { createMemoryBus } from '../helpers/memory-bus';
import { describeStreamContext, liveOnly } from './stream-context-contract';

const bus = createMemoryBus();

describeStreamContext(
  'A context of `resumable-stream`',
  () =>
    toTaskStreamContext(
      createResumableStreamContext({ waitUntil: () => {}, ...bus.createClients() }),
    ),
  liveOnly,
);
