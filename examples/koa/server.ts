import {
  createMemoryStreamContext,
  createTaskRoute,
  drainOnSignal,
  toNodeHandler,
} from 'ai-task-stream/server';
import Koa from 'koa';
import { report } from '../lib/report';

const app = new Koa();
const handlers = new Map([
  ['/api/report', toNodeHandler(createTaskRoute(report))],
  ['/api/watched-report', toNodeHandler(createTaskRoute(report, { cancelOnDisconnect: true }))],
]);

app.use(async (context, next) => {
  const handle = handlers.get(context.path);
  if (!handle) return next();
  // Tells Koa to leave the response to the handler.
  context.respond = false;
  await handle(context.req, context.res);
});

// Koa reports a client that has broken off as an error, which is not worth a line in the log.
app.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'ECONNRESET') console.error(error);
});

export const server = app.listen(Number(process.env.PORT ?? 3000));

drainOnSignal(createMemoryStreamContext(), {
  onDrained() {
    server.close(() => process.exit());
  },
});
