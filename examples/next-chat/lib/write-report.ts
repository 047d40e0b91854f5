import type { UIDataTypes } from 'ai';
import { type DefinedExecuteOptions, defineTask } from 'ai-task-stream/server';
import { z } from 'zod';
import {
  generateReport,
  type PlannedSection,
  type ReportSoFar,
  reportSteps,
} from './generate-report';

const input = z.object({
  topic: z.string().trim().min(2, 'Name a topic.').max(200, 'Keep the topic under 200 letters.'),
});

const checkpoint: z.ZodType<ReportSoFar> = z.object({
  sections: z.array(z.object({ title: z.string() })),
  written: z.string(),
});

async function execute({
  input: { topic },
  task,
  writer,
  signal,
}: DefinedExecuteOptions<
  z.output<typeof input>,
  keyof typeof reportSteps,
  PlannedSection,
  UIDataTypes,
  ReportSoFar
>) {
  // A page that reloads knows the taskId only, so the task tells the topic, and where it runs.
  const instance = process.env.DEMO_INSTANCE;
  writer.write({ type: 'message-metadata', messageMetadata: { topic, instance } });

  let textId: string | undefined;
  const endText = () => {
    if (textId !== undefined) writer.write({ type: 'text-end', id: textId });
    textId = undefined;
  };
  return generateReport({
    topic,
    soFar: task.lastCheckpoint,
    task,
    signal,
    onPlanned: (section) => task.partial(section),
    onText(piece) {
      if (textId === undefined) {
        textId = crypto.randomUUID();
        writer.write({ type: 'text-start', id: textId });
      }
      writer.write({ type: 'text-delta', id: textId, delta: piece });
    },
    // Whoever takes the task up, when this server is gone, goes on behind the last whole section.
    async onPause(soFar) {
      endText();
      await task.checkpoint(soFar);
    },
  });
}

export const writeReport = defineTask({
  name: 'write-report',
  input,
  steps: reportSteps,
  checkpoint,
  retry: {},
  // A server that is gone is noticed after three of them.
  heartbeatMs: 1_000,
  execute,
});
