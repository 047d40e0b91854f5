import {
  createMemoryStreamContext,
  createTaskRoute,
  drainOnSignal,
  toNodeHandler,
} from 'ai-task-stream/server';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { report } from '../lib/report';

const app = Fastify();

function serve(handle: ReturnType<typeof toNodeHandler>) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack();
    // The headers that plugins have set, such as for CORS.
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    // Fastify has parsed the body already, and keeps it on its own request object.
    await handle(Object.assign(request.raw, { body: request.body }), reply.raw);
  };
}

app.all('/api/report', serve(toNodeHandler(createTaskRoute(report))));
app.all(
  '/api/watched-report',
  serve(toNodeHandler(createTaskRoute(report, { cancelOnDisconnect: true }))),
);

await app.listen({ port: Number(process.env.PORT ?? 3000) });
export const { server } = app;

drainOnSignal(createMemoryStreamContext(), {
  async onDrained() {
    await app.close();
    process.exit();
  },
});
