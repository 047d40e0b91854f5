import {
  createMemoryStreamContext,
  createTaskRoute,
  drainOnSignal,
  toNodeHandler,
} from 'ai-task-stream/server';
import express from 'express';
import { report } from '../lib/report';

const app = express();
app.all('/api/report', toNodeHandler(createTaskRoute(report)));
app.all(
  '/api/watched-report',
  toNodeHandler(createTaskRoute(report, { cancelOnDisconnect: true })),
);

export const server = app.listen(Number(process.env.PORT ?? 3000));

drainOnSignal(createMemoryStreamContext(), {
  onDrained() {
    server.close(() => process.exit());
  },
});
