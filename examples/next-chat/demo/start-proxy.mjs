// Stands in front of several instances of the demo as a load balancer does, but sends each request
// about a task to another instance than the one before.
import { createServer, request as sendRequest } from 'node:http';
import { pipeline } from 'node:stream';

/** Where the page asks something of the demo itself. */
const controlPath = '/demo/';

/** Headers that are for one connection only (RFC 9110, section 7.6.1). */
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade'],
]);

/**
 * Each page comes from the next instance, and whatever that page loads from the same instance. Only
 * a request about a task goes to the instance after the one that dealt with the task last. Responses
 * name their instance as `x-demo-instance`.
 *
 * @param {object} options
 * @param {{ readonly name: string, readonly port: number, hasEnded: boolean }[]} options.instances
 * @param {number} options.port
 * @param {string} options.host
 * @param {Record<string, (instance: string) => Promise<boolean>>} [options.controls] What the page may
 * ask of the demo itself, by `POST /demo/<name>?instance=`.
 * @returns {Promise<{ close(): Promise<void> }>}
 */
export async function startProxy({ instances, port, host, controls = {} }) {
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
    // Browsers say what a request is for. A client that does not say so may ask for the first page.
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

  const control = async ({ url, headers }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const run = Object.hasOwn(controls, pathname.slice(controlPath.length))
      ? controls[pathname.slice(controlPath.length)]
      : undefined;
    // Pages of other sites cannot send this header.
    const isAllowed = headers['x-demo-control'] !== undefined;
    const done = isAllowed && (await run?.(searchParams.get('instance') ?? ''));
    response.writeHead(done ? 204 : 404).end();
  };

  const server = createServer((request, response) => {
    if (request.method === 'POST' && request.url.startsWith(controlPath)) {
      control(request, response).catch(() => response.destroy());
      return;
    }
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
      // Each request has its own connection, because a kept one may just be closing.
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
      // When one end breaks off, so does the other: a cut must not look like the end of a response.
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
