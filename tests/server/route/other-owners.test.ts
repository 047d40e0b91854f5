import { createResumableStreamContext } from 'resumable-stream/generic';
import { toTaskStreamContext } from '../../../src/server/to-task-stream-context';
import { describeOtherOwners } from '../../contract/other-owners-contract';
import { createMemoryBus } from '../../helpers/memory-bus';
import { createOwnContext } from '../../helpers/tasks';

describeOtherOwners('memory', () => [createOwnContext()]);

describeOtherOwners('a context of resumable-stream, asked by its own instance', () => {
  const clients = createMemoryBus().createClients();
  return [toTaskStreamContext(createResumableStreamContext({ waitUntil: null, ...clients }))];
});
