import { serve } from '@hono/node-server';
import { createMemoryStreamContext, createTaskRoute, drainOnSignal } from 'ai-task-stream/server';
import { Hono } from 'hono';
import { report } from '../lib/report';

const route = createTaskRoute(report);
const watchedRoute = createTaskRoute(report, { cancelOnDisconnect: true });

const app = new Hono()
  .post('/api/report', ({ req }) => route.POST(req.raw))
  .get('/api/report', ({ req }) => route.GET(req.raw))
  .delete('/api/report', ({ req }) => route.DELETE(req.raw))
  .post('/api/watched-report', ({ req }) => watchedRoute.POST(req.raw))
  .get('/api/watched-report', ({ req }) => watchedRoute.GET(req.raw))
  .delete('/api/watched-report', ({ req }) => watchedRoute.DELETE(req.raw));

export const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) });

drainOnSignal(createMemoryStreamContext(), {
  onDrained() {
    server.close(() => process.exit());
  },
});
