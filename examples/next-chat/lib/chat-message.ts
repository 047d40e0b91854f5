import { type InferUITool, safeValidateUIMessages, type UIMessage } from 'ai';
import { type TaskUIDataTypes, taskDataPartSchemas } from 'ai-task-stream';
import { z } from 'zod';
import type { ReportTool } from './report-tool';

/** `data-report`: a report as far as it is written, beside the tool call that asked for it. */
const reportDraft = z.object({
  topic: z.string(),
  /** Titles of the sections that the report will have. */
  outline: z.array(z.string()),
  /** The sections that are written so far. */
  markdown: z.string(),
});

export type ReportDraft = z.infer<typeof reportDraft>;

type ChatDataTypes = TaskUIDataTypes & { report: ReportDraft };

/** Not an interface, because the AI SDK wants an index signature, which interfaces lack. */
type ChatTools = { writeReport: InferUITool<ReportTool> };

export type ChatMessage = UIMessage<unknown, ChatDataTypes, ChatTools>;

/** Checks messages as the AI SDK does, with the data parts that a chat may have. */
export function checkMessages(messages: unknown[]) {
  return safeValidateUIMessages<ChatMessage>({
    messages,
    dataSchemas: { ...taskDataPartSchemas, report: reportDraft },
  });
}
