import { createServer } from 'node:http';
import {
  createMemoryStreamContext,
  createTaskRoute,
  drainOnSignal,
  toNodeHandler,
} from 'ai-task-stream/server';
import { report } from '../lib/report';

const handleReport = toNodeHandler(createTaskRoute(report));
const handleWatchedReport = toNodeHandler(createTaskRoute(report, { cancelOnDisconnect: true }));

export const server = createServer((request, response) => {
  const [path] = request.url?.split('?') ?? [];
  if (path === '/api/report') handleReport(request, response);
  else if (path === '/api/watched-report') handleWatchedReport(request, response);
  else response.writeHead(404).end();
});

server.listen(Number(process.env.PORT ?? 3000));

drainOnSignal(createMemoryStreamContext(), {
  onDrained() {
    server.close(() => process.exit());
  },
});
