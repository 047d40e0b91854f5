import { createTaskRoute, toNodeHandler } from 'ai-task-stream/server';
import compression from 'compression';
import express from 'express';
import { report } from '../lib/report';

const app = express();
// Responses of a task's route say `no-transform`, so `compression` leaves them alone.
app.use(compression());
// The handler uses what the parser has put into `request.body`.
app.use(express.json({ limit: '1mb' }));
app.all('/api/report', toNodeHandler(createTaskRoute(report)));
app.all(
  '/api/watched-report',
  toNodeHandler(createTaskRoute(report, { cancelOnDisconnect: true })),
);

export const server = app.listen(Number(process.env.PORT ?? 3000));
