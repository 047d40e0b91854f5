import { serve } from '@hono/node-server';
import { createChatRoute } from 'ai-task-stream/server';
import { Hono } from 'hono';
import { chat } from '../lib/chat';

const route = createChatRoute(chat);

const app = new Hono()
  .post('/api/chat', ({ req }) => route.POST(req.raw))
  .get('/api/chat', ({ req }) => route.GET(req.raw))
  .delete('/api/chat', ({ req }) => route.DELETE(req.raw));

export const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) });
