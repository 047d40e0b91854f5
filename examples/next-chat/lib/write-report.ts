import { toUIMessageStream } from 'ai';
import { type DefinedExecuteOptions, defineTask } from 'ai-task-stream/server';
import { z } from 'zod';
import { generateReport, type PlannedSection, reportSteps } from './generate-report';

const input = z.object({
  topic: z.string().trim().min(2, 'Name a topic.').max(200, 'Keep the topic under 200 letters.'),
});

function execute({
  input: { topic },
  task,
  writer,
  signal,
}: DefinedExecuteOptions<z.output<typeof input>, keyof typeof reportSteps, PlannedSection>) {
  // A page that reloads knows the taskId only, so the task tells the topic.
  writer.write({ type: 'message-metadata', messageMetadata: { topic } });
  return generateReport({
    topic,
    task,
    signal,
    onPlanned: (section) => task.partial(section),
    onStream: (stream) => writer.merge(toUIMessageStream({ stream })),
  });
}

export const writeReport = defineTask({ name: 'write-report', input, steps: reportSteps, execute });
