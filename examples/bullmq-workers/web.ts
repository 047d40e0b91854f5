// The web process: it puts tasks into the queue, and lets pages follow them. It runs none itself.
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { createTaskRoute } from 'ai-task-stream/server';
import { Hono } from 'hono';
import { writeReport } from '../next-chat/lib/write-report';
import { reports, streamContext } from './queue';

/** A worker process as the page shows it. */
export interface ShownWorker {
  readonly name: string;
  readonly pid: number;
  /** Whether its process was killed, and another one has yet to take its place. */
  readonly isGone: boolean;
}

/** What the page may ask of the demo itself. */
export interface Workers {
  list(): readonly ShownWorker[];
  /** Ends a worker as a power cut does. `false`: there is no such worker. */
  kill(name: string): boolean;
}

const route = createTaskRoute(writeReport, { streamContext, queue: reports });

/** What the page is made of, from the folder of this program as it is built. */
const files = {
  '/': ['../index.html', 'text/html'],
  '/page.js': ['page.js', 'text/javascript'],
  '/demo.css': ['../../next-chat/app/globals.css', 'text/css'],
  '/workers.css': ['../workers.css', 'text/css'],
};

/** Serves the page, and the route of its task. */
export async function serveWeb({
  port,
  hostname,
  workers,
}: {
  port: number;
  hostname: string;
  workers: Workers;
}): Promise<{ close(): Promise<void> }> {
  const app = new Hono()
    .post('/api/report', ({ req }) => route.POST(req.raw))
    .get('/api/report', ({ req }) => route.GET(req.raw))
    .delete('/api/report', ({ req }) => route.DELETE(req.raw))
    .get('/demo/workers', (context) => context.json(workers.list()))
    .post('/demo/kill', ({ req }) => {
      // Pages of other sites cannot send this header.
      const isAllowed = req.header('x-demo-control') !== undefined;
      const isDone = isAllowed && workers.kill(req.query('worker') ?? '');
      return new Response(null, { status: isDone ? 204 : 404 });
    });
  for (const [path, [file = '', type = '']] of Object.entries(files)) {
    app.get(path, async (context) =>
      context.body(await readFile(new URL(file, import.meta.url), 'utf8'), 200, {
        'content-type': `${type}; charset=utf-8`,
      }),
    );
  }
  const server = await new Promise<Server>((resolve) => {
    const listening = serve({ fetch: app.fetch, port, hostname }, () =>
      resolve(listening as Server),
    );
  });
  return {
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await reports.close();
      await streamContext.close();
    },
  };
}
