import { jsonSchema, type Tool, tool, type UIMessage } from 'ai';
import type { TaskReporter, TaskStreamContext } from 'ai-task-stream/server';
import type { HoldPoint } from '../hold-point';
import type { ChatMajor } from './load-major';

export interface ChatRoutesOptions {
  major: ChatMajor;
  streamContext: TaskStreamContext;
  /** The host's database: messages by chat. */
  store: Map<string, UIMessage[]>;
  /** Where the model is. */
  baseURL: string;
  /** Holds the work of the tool. */
  holdPoint: HoldPoint;
  /** Called before the model is asked; what it throws fails the task. */
  beforeAnswer: () => void;
}

/** A chat's three routes, as docs/chat.md has them. */
export function createChatRoutes({
  major,
  streamContext,
  store,
  baseURL,
  holdPoint,
  beforeAnswer,
}: ChatRoutesOptions) {
  const { streamTask, resumeTask, cancelTask } = major.server;
  let turns = 0;

  const save = (chatId: string | undefined, messages: UIMessage[] | undefined) => {
    if (chatId && messages) store.set(chatId, messages);
  };

  return {
    async POST(request: Request): Promise<Response> {
      const body: { id: string; messages: unknown } = await request.json();
      const messages = await major.checkMessages(body.messages);
      save(body.id, messages);
      turns += 1;
      return streamTask({
        name: 'answer',
        chatId: body.id,
        originalMessages: messages,
        messageId: `${body.id}-answer-${turns}`,
        streamContext,
        onError: () => {},
        async execute({ task, writer, signal }) {
          beforeAnswer();
          const tools = { writeReport: createReportTool({ task, holdPoint }) };
          writer.merge(await major.answer({ messages, tools, signal, baseURL }));
        },
        onSettle: ({ chatId, messages }) => save(chatId, messages),
      }).toResponse();
    },
    async GET(request: Request): Promise<Response> {
      return resumeTask({ ...addressOf(request), request, streamContext }).toResponse();
    },
    async DELETE(request: Request): Promise<Response> {
      const reason = new URL(request.url).searchParams.get('reason') ?? undefined;
      const cancelled = await cancelTask({ ...addressOf(request), reason, streamContext });
      return Response.json({ cancelled });
    },
  };
}

/** `/api/chat/:id/stream?taskId=` */
function addressOf({ url }: Request) {
  const { pathname, searchParams } = new URL(url);
  return { chatId: pathname.split('/')[3], taskId: searchParams.get('taskId') ?? undefined };
}

const sections = 4;

/** Slow work of a tool, which is a task within the one that answers. */
function createReportTool({
  task,
  holdPoint,
}: {
  task: TaskReporter;
  holdPoint: HoldPoint;
}): Tool<{ topic: string }> {
  return tool({
    description: 'Writes a report.',
    inputSchema: jsonSchema<{ topic: string }>({
      type: 'object',
      properties: { topic: { type: 'string' } },
      required: ['topic'],
      additionalProperties: false,
    }),
    execute: ({ topic }, { toolCallId, abortSignal }) =>
      task.run({
        name: 'report',
        toolCallId,
        abortSignal,
        async execute({ task: report, signal }) {
          for (let section = 0; section < sections; section++) {
            await holdPoint.beforeWord({ kind: 'report', done: section / sections });
            signal.throwIfAborted();
            report.progress({ value: section + 1, total: sections });
          }
          return { topic, sections, words: 400, readingMinutes: 2 };
        },
      }),
  });
}
