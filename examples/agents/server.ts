import { createServer } from 'node:http';
import { openai } from '@ai-sdk/openai';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import {
  createMemoryStreamContext,
  createTaskRoute,
  drainOnSignal,
  toNodeHandler,
} from 'ai-task-stream/server';
import { defineTravelAgent } from './agent';
import { createBookingService } from './bookings';
import { createLocalModel } from './local-model';
import { defineTravelLoop } from './loop';

const model = process.env.OPENAI_API_KEY ? openai('gpt-5-mini') : createLocalModel();
const service = createBookingService({
  onBooked: (what, key) => console.log(`Booked: ${what} (${key})`),
});

// With Redis, tasks outlive this process.
const streamContext = process.env.REDIS_URL
  ? createRedisStreamContext()
  : createMemoryStreamContext();
const handleAgent = toNodeHandler(
  createTaskRoute(defineTravelAgent(model, service), { streamContext }),
);
const handleLoop = toNodeHandler(
  createTaskRoute(defineTravelLoop(model, service), { streamContext }),
);

export const server = createServer((request, response) => {
  const [path] = request.url?.split('?') ?? [];
  if (path === '/api/agent') handleAgent(request, response);
  else if (path === '/api/loop') handleLoop(request, response);
  else response.writeHead(404).end();
});

server.listen(Number(process.env.PORT ?? 3000));

// Told to end, this process hands its tasks over, from the step that each comes to next.
drainOnSignal(streamContext, {
  onDrained() {
    server.close(() => process.exit());
  },
});
