// The chats in one file of the examples; that of Next.js is in `next.test.ts`.
import type { Server } from 'node:net';
import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { expectToServeAChat } from './chat-scenario';
import { createHttpClient } from './host-client';
import { type RunningHost, startHost } from './start-host';

const hosts: { name: string; load(): Promise<{ server: Server }> }[] = [
  { name: 'Express', load: () => import('../../examples/express/chat-server') },
  { name: 'Hono', load: () => import('../../examples/hono/chat-server') },
];

describe.each(hosts)('$name', ({ load }) => {
  let running: RunningHost;

  beforeAll(async () => {
    vi.stubEnv('PORT', '0');
    const { server } = await load();
    running = await startHost(server);
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await running?.close();
  });

  it('serves a chat in one file, whose answer outlives its reader and is saved', () =>
    expectToServeAChat(createHttpClient(running.origin), '/api/chat'));
});
