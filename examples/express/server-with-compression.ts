import {
  createTaskRoute,
  type TaskRoute,
  type TaskRouteHandler,
  toNodeHandler,
} from 'ai-task-stream/server';
import compression from 'compression';
import express from 'express';
import { report } from '../lib/report';

const app = express();
app.use(compression());
app.all('/api/report', toNodeHandler(compressible(createTaskRoute(report))));
app.all(
  '/api/watched-report',
  toNodeHandler(compressible(createTaskRoute(report, { cancelOnDisconnect: true }))),
);

export const server = app.listen(Number(process.env.PORT ?? 3000));

/** Removes `no-transform` from a route's responses, so that the middleware compresses them. */
function compressible({ POST, GET, DELETE }: TaskRoute): TaskRoute {
  const change =
    (handler: TaskRouteHandler): TaskRouteHandler =>
    async (request) => {
      const response = await handler(request);
      response.headers.set('cache-control', 'no-cache');
      return response;
    };
  return { POST: change(POST), GET: change(GET), DELETE: change(DELETE) };
}
