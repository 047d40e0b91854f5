import { createTaskId } from '../protocol/task-id';
import { serializeFaithfully } from '../server/log/serialize';
import type { PlainDefinition } from '../server/plain-definition';
import { encodeInput, readInput } from '../server/read-input';
import type { BullQueue } from './bull-classes';
import { scheduledJob } from './job-data';
import { ownJobOptions } from './queue-link';
import type { TaskRepeat } from './task-queue-options';

/** @throws TaskError `invalid-input` for an input that does not fit, before anything is scheduled. */
export async function scheduleTask(
  queue: BullQueue,
  {
    id,
    options,
    input,
    repeat,
    owner,
    priority,
  }: {
    id: string;
    options: PlainDefinition;
    input: unknown;
    repeat: TaskRepeat;
    owner: string | undefined;
    priority: number | undefined;
  },
): Promise<void> {
  const { name, version = 1, input: schema, transformer } = options;
  await readInput(input, { schema, transformer: undefined });
  const stored = encodeInput(input, transformer);
  const schedule = {
    ...{ seed: createTaskId(), owner },
    input: stored === undefined ? undefined : serializeFaithfully(stored, 'input'),
  };
  const opts = { ...ownJobOptions, ...(priority !== undefined && { priority }) };
  const data = scheduledJob({ definition: name, version, schedule });
  await queue.upsertJobScheduler(id, repeat, { name, data, opts });
}
