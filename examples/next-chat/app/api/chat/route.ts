import { createChatRoute } from 'ai-task-stream/server';
import { after } from 'next/server';
import { answer } from '../../../lib/answer';
import { readMessages, saveChat } from '../../../lib/chat-store';
import { reportDraft, writeReport } from '../../../lib/report-tool';
import { streamContext } from '../../../lib/stream-context';

export const { POST, GET, DELETE } = createChatRoute({
  streamContext,
  waitUntil: after,
  // The demo serves this machine only, and knows nobody.
  owner: 'public',
  load: ({ chatId }) => readMessages(chatId),
  save: saveChat,
  tools: { writeReport },
  dataPartSchemas: { report: reportDraft },
  // A question has 4,000 letters at most.
  maxBodyBytes: 20_000,
  execute: answer,
});
