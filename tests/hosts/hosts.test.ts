import type { Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { driveHost } from './drive-host';
import { createHttp2Client, createHttpClient } from './host-client';
import type { HostUnderTest } from './report-client';
import { expectToWaitForASlowReader } from './scenarios';
import { type RunningHost, startHost } from './start-host';

interface HostCase {
  readonly name: string;
  /** Starts the example, which listens on `PORT`. */
  load(): Promise<{ server: Server }>;
  readonly createClient?: typeof createHttpClient;
  readonly contentEncoding?: HostUnderTest['contentEncoding'];
}

const hosts: HostCase[] = [
  { name: 'node:http', load: () => import('../../examples/node-http/server') },
  {
    name: 'node:http2',
    load: () => import('../../examples/node-http/http2-server'),
    createClient: createHttp2Client,
  },
  { name: 'Express', load: () => import('../../examples/express/server') },
  {
    name: 'Express behind compression and a body parser',
    load: () => import('../../examples/express/server-with-middleware'),
  },
  {
    name: 'Express with a compression that compresses',
    load: () => import('../../examples/express/server-with-compression'),
    contentEncoding: 'gzip',
  },
  { name: 'Fastify', load: () => import('../../examples/fastify/server') },
  { name: 'Koa', load: () => import('../../examples/koa/server') },
  { name: 'Hono', load: () => import('../../examples/hono/server') },
  { name: 'NestJS', load: () => import('../../examples/nestjs/server') },
];

const warnings: Error[] = [];
const onWarning = (warning: Error) => warnings.push(warning);

beforeAll(() => {
  process.on('warning', onWarning);
});

// Such as of too many listeners, or of headers that a protocol does not have.
afterAll(() => {
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

describe.each(hosts)('$name', ({ load, createClient = createHttpClient, contentEncoding }) => {
  let running: RunningHost;
  let host: HostUnderTest;

  beforeAll(async () => {
    vi.stubEnv('PORT', '0');
    const { server } = await load();
    running = await startHost(server);
    const send = createClient(running.origin);
    const paths = { path: '/api/report', watchedPath: '/api/watched-report' };
    host = { send, ...paths, contentEncoding };
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await running?.close();
  });

  driveHost(() => host);
  it('waits for a reader that does not read', () =>
    expectToWaitForASlowReader(host, running.sentBytes));
});
