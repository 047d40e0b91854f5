import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectToServeAChat } from './chat-scenario';
import { driveHost } from './drive-host';
import { createHttpClient } from './host-client';
import { startNext } from './start-next';

let running: Awaited<ReturnType<typeof startNext>>;

beforeAll(async () => {
  running = await startNext();
}, 300_000);

afterAll(() => running?.close());

describe.each([
  ["Next.js' App Router, on Node", 'node'],
  ["Next.js' App Router, on the edge runtime", 'edge'],
  ["Next.js' Pages Router, behind its body parser", 'pages'],
])('%s', (_name, folder) => {
  driveHost(() => ({
    send: createHttpClient(running.origin),
    path: `/api/${folder}/report`,
    watchedPath: `/api/${folder}/watched-report`,
  }));
});

it("Next.js' App Router serves a chat in one file, whose answer outlives its reader and is saved", () =>
  expectToServeAChat(createHttpClient(running.origin), '/api/node/chat'));
