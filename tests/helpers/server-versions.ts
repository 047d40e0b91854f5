import type { UIMessage, UIMessageChunk } from 'ai';
import { importWithAi } from './import-with-ai';

// One version's types stand for all: those in which the others differ are not used here.
type Ai = typeof import('ai');

/** The server's modules over one version of the AI SDK. */
export interface ServerVersion {
  /** For tests' names: the major version, or the lowest version of it that this package supports. */
  readonly version: number | string;
  readonly major: 6 | 7;
  /** Whether it knows `rawInput` and `inputSchemaInput` of tool calls, as most versions do. */
  readonly knowsRawInput: boolean;
  /** A fresh copy of the modules, in which `ai` is this version. */
  load(): Promise<{
    readonly ai: Ai;
    readonly server: typeof import('../../src/server');
    readonly buildMessage: typeof import('../../src/server/task/build-message').buildMessage;
    readonly historyChunks: typeof import('../../src/server/task/message-history').historyChunks;
  }>;
}

function createVersion(
  version: number | string,
  major: 6 | 7,
  importAi: () => Promise<unknown>,
  knowsRawInput = true,
): ServerVersion {
  return {
    version,
    major,
    knowsRawInput,
    async load() {
      const ai = (await importAi()) as Ai;
      const [server, { buildMessage }, { historyChunks }] = await importWithAi(importAi, () =>
        Promise.all([
          import('../../src/server'),
          import('../../src/server/task/build-message'),
          import('../../src/server/task/message-history'),
        ]),
      );
      return { ai, server, buildMessage, historyChunks };
    },
  };
}

/** The newest of each major, and the lowest that the package supports. */
export const serverVersions: readonly ServerVersion[] = [
  createVersion(7, 7, () => import('ai')),
  createVersion(6, 6, () => import('ai-v6')),
  createVersion('7.0.112', 7, () => import('ai-v7-lowest'), false),
  createVersion('6.0.304', 6, () => import('ai-v6-lowest')),
];

/** All messages that the AI SDK makes of the chunks, one after the other, from a message on. */
export async function readMessages(
  { readUIMessageStream }: Ai,
  chunks: readonly UIMessageChunk[],
  message?: UIMessage,
): Promise<UIMessage[]> {
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const messages: UIMessage[] = [];
  let failure: unknown;
  const onError = (error: unknown) => {
    failure ??= error;
  };
  for await (const next of readUIMessageStream({ message, stream, onError })) messages.push(next);
  if (failure) throw failure;
  return messages;
}
