import { type Tool, tool, type UIMessageStreamWriter } from 'ai';
import type { TaskReporter } from 'ai-task-stream/server';
import { z } from 'zod';
import type { ReportDraft } from './chat-message';
import { generateReport, reportSteps } from './generate-report';

const input = z.object({ topic: z.string().min(2).max(200).describe('What it is about.') });

/** What the model gets to know of a report that it asked for; the page shows the text. */
interface WrittenReport {
  topic: string;
  words: number;
  sections: number;
  readingMinutes: number;
}

export type ReportTool = Tool<z.infer<typeof input>, WrittenReport>;

/** A slow tool: its work is a task within the task that answers. */
export function createReportTool({
  task,
  writer,
}: {
  task: TaskReporter;
  writer: UIMessageStreamWriter;
}): ReportTool {
  return tool({
    description: 'Writes a report of five sections and shows it to the user. Takes a minute.',
    inputSchema: input,
    execute: ({ topic }, { toolCallId, abortSignal }) =>
      task.run({
        name: 'write-report',
        toolCallId,
        abortSignal,
        steps: reportSteps,
        async execute({ task: report, signal }) {
          let draft: ReportDraft = { topic, outline: [], markdown: '' };
          let written = '';
          const show = (change: Partial<ReportDraft>) => {
            draft = { ...draft, ...change };
            writer.write({ type: 'data-report', id: toolCallId, data: draft });
          };
          try {
            const { words, sections, readingMinutes } = await generateReport({
              topic,
              task: report,
              signal,
              onPlanned: ({ title }) => show({ outline: [...draft.outline, title] }),
              onText(_piece, text) {
                written = text;
                // Section by section, because each change sends and stores the whole draft.
                const markdown = text.slice(0, Math.max(0, text.lastIndexOf('\n## '))).trim();
                if (markdown !== draft.markdown) show({ markdown });
              },
            });
            return { topic, words, sections: sections.length, readingMinutes };
          } finally {
            // What was written stays, also if the report failed or was cancelled.
            show({ markdown: written.trim() });
          }
        },
      }),
  });
}
