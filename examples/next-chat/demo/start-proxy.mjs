// Stands in front of several instances of the demo, as a load balancer would, but one that sees to
// it that a task is asked for somewhere else each time.
import { createServer, request as sendRequest } from 'node:http';
import { pipeline } from 'node:stream';

/** Headers that are for one connection only (RFC 9110, section 7.6.1). */
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade'],
]);

/**
 * Every page comes from the next instance, and what it then asks for from the same one; except that
 * a request about a task goes to the next after the one that dealt with it last. Answers name theirs
 * as `x-demo-instance`.
 *
 * @param {object} options
 * @param {{ readonly name: string, readonly port: number, hasEnded: boolean }[]} options.instances
 * @param {number} options.port
 * @param {string} options.host
 * @returns {Promise<{ close(): Promise<void> }>}
 */
export async function startProxy({ instances, port, host }) {
  /** The instance that dealt last with a task, by its id. */
  const lastByTask = new Map();
  let pageInstance = instances.at(-1);

  const nextAfter = (instance) => {
    const start = instances.indexOf(instance) + 1;
    const inTurn = [...instances.slice(start), ...instances.slice(0, start)];
    return inTurn.find(({ hasEnded }) => !hasEnded);
  };

  const choose = ({ url, headers }) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    // Browsers say what they want it for; whoever does not may ask for the first page.
    const purpose = headers['sec-fetch-dest'] ?? (pathname === '/' ? 'document' : '');
    const isPage = purpose === 'document';
    if (isPage || pageInstance?.hasEnded) pageInstance = nextAfter(pageInstance);
    const taskId = searchParams.get('taskId');
    if (!taskId) return pageInstance;
    const last = lastByTask.get(taskId);
    const instance = last ? nextAfter(last) : pageInstance;
    lastByTask.set(taskId, instance);
    return instance;
  };

  const server = createServer((request, response) => {
    const instance = choose(request);
    if (!instance) {
      response.writeHead(502).end('All instances of the demo have ended.');
      return;
    }
    const outgoing = sendRequest({
      host,
      port: instance.port,
      method: request.method,
      path: request.url,
      headers: withoutHops(request.headers),
      // A connection of its own: one that was kept may just be closing.
      agent: false,
    });
    outgoing.once('response', (incoming) => {
      const taskId = incoming.headers['x-task-id'];
      if (taskId) lastByTask.set(taskId, instance);
      response.writeHead(incoming.statusCode, {
        ...withoutHops(incoming.headers),
        'x-demo-instance': instance.name,
      });
      response.flushHeaders();
      // Whichever end breaks off, the other one does, too: a cut must not look like an end.
      pipeline(incoming, response, () => {});
    });
    outgoing.once('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end(`Instance ${instance.name} does not answer.`);
    });
    response.once('close', () => outgoing.destroy());
    request.pipe(outgoing);
  });

  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function withoutHops(headers) {
  const named = String(headers.connection ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.includes(name)),
  );
}
