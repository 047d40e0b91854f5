import { findFreePort } from '../../../scripts/find-free-port.mjs';
import { DemoError } from './demo-error.mjs';
import { app, host, next } from './places.mjs';
import { startProxy } from './start-proxy.mjs';

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
  const instances = [];
  for (let number = 1; number <= count; number++) {
    const name = String(number);
    const privatePort = await findFreePort();
    const server = startServer(parts, { port: privatePort, env: { ...env, DEMO_INSTANCE: name } });
    instances.push({ name, port: privatePort, hasEnded: false, ...server });
  }
  const endings = instances.map(async (instance) => {
    const { code } = await instance.ended;
    instance.hasEnded = true;
    if (parts.isStopping) return;
    console.log(
      `  Instance ${instance.name} ended (${code}). What it ran is closed as lost; the others go on.`,
    );
  });
  const ended = Promise.all(endings).then(() => {
    throw new DemoError('All instances of the demo have ended by themselves.');
  });
  const ready = instances.map((instance) =>
    Promise.race([untilAnswered(parts, instance.port), instance.ended]),
  );
  await Promise.race([Promise.all(ready), ended]);
  const proxy = await startProxy({ instances, port, host });
  parts.add(proxy.close);
  return {
    ended,
    servers: instances.map(({ name, pid }) => `instance ${name}, process ${pid}`),
  };
}

function startServer(parts, { port, env }) {
  const args = [next, 'start', '-H', host, '-p', String(port)];
  return parts.startNode(args, { cwd: app, env, serves: true });
}

/** Resolves when the port answers with a page. */
async function untilAnswered(parts, port) {
  while (!parts.isStopping) {
    const response = await fetch(`http://${host}:${port}/`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
