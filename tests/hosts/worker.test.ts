import { afterAll, beforeAll, describe } from 'vitest';
import { driveHost } from './drive-host';
import { createHttpClient } from './host-client';
import { startWorkerd } from './start-workerd';

describe("a worker in workerd, Cloudflare's runtime", () => {
  let running: Awaited<ReturnType<typeof startWorkerd>>;

  beforeAll(async () => {
    running = await startWorkerd();
  });

  afterAll(() => running?.close());

  driveHost(() => ({
    send: createHttpClient(running.origin),
    path: '/api/report',
    watchedPath: '/api/watched-report',
  }));
});
