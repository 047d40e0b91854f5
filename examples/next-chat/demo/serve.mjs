import { DemoError } from './demo-error.mjs';
import { createInstances } from './instances.mjs';
import { app, host, next } from './places.mjs';
import { startProxy } from './start-proxy.mjs';
import { untilAnswered } from './until-answered.mjs';

/**
 * Serves the demo at a port, and resolves once the demo answers. The `ended` that it resolves with
 * rejects when the demo ends by itself; `servers` describes the instances, if there are several.
 */
export function serve(parts, { port, env, count }) {
  return count === 1
    ? serveAlone(parts, { port, env })
    : serveTogether(parts, { port, env, count });
}

async function serveAlone(parts, { port, env }) {
  const server = startServer(parts, { port, env });
  const ended = server.ended.then(({ code }) => {
    throw new DemoError(`The demo's server ended by itself, with code ${code}.`);
  });
  await Promise.race([untilAnswered(parts, port), ended]);
  return { ended, servers: [] };
}

/** Several servers at private ports, with a proxy at the address that is printed. */
async function serveTogether(parts, { port, env, count }) {
  const instances = createInstances(parts, {
    start: (name, privatePort) =>
      startServer(parts, { port: privatePort, env: { ...env, DEMO_INSTANCE: name } }),
  });
  const names = Array.from({ length: count }, (_, index) => String(index + 1));
  await Promise.race([Promise.all(names.map(instances.add)), instances.ended]);
  const controls = { 'pull-the-plug': instances.kill, deploy: instances.replaceAll };
  const proxy = await startProxy({ instances: instances.list, port, host, controls });
  parts.add(proxy.close);
  return {
    ended: instances.ended,
    servers: instances.list.map(({ name, pid }) => `instance ${name}, process ${pid}`),
  };
}

function startServer(parts, { port, env }) {
  const args = [next, 'start', '-H', host, '-p', String(port)];
  return parts.startNode(args, { cwd: app, env, serves: true });
}
