import { tool, type UIMessageStreamWriter } from 'ai';
import type { TaskReporter } from 'ai-task-stream/server';
import { z } from 'zod';
import { generateReport, reportSteps } from './generate-report';

/** `data-report`: a report as far as it is written, beside the tool call that asked for it. */
export const reportDraft = z.object({
  topic: z.string(),
  /** Titles of the sections that the report will have. */
  outline: z.array(z.string()),
  /** The sections that are written so far. */
  markdown: z.string(),
});

export type ReportDraft = z.infer<typeof reportDraft>;

/** What the model gets to know of a report that it asked for; the page shows the text. */
const writtenReport = z.object({
  topic: z.string(),
  words: z.number(),
  sections: z.number(),
  readingMinutes: z.number(),
});

/** The answer within which a report is written. No interface, which would lack an index signature. */
type ReportContext = { task: TaskReporter; writer: UIMessageStreamWriter };

/** A slow tool: its work is a task within the task that answers. */
export const writeReport = tool({
  description: 'Writes a report of five sections and shows it to the user. Takes a minute.',
  inputSchema: z.object({ topic: z.string().min(2).max(200).describe('What it is about.') }),
  outputSchema: writtenReport,
  contextSchema: z.custom<ReportContext>(),
  execute: ({ topic }, { toolCallId, abortSignal, context: { task, writer } }) =>
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
