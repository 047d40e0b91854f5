// `npm run demo:workers`: builds what is out of date, and starts one web process on PORT (default 3000)
// and three workers, which share the Redis at REDIS_URL, or one of the demo's own. Without
// OPENAI_API_KEY a local endpoint stands in for OpenAI.
import { join } from 'node:path';
import { buildIfOutdated, packageBuild } from '../next-chat/demo/build.mjs';
import { findModel } from '../next-chat/demo/find-model.mjs';
import { findPort } from '../next-chat/demo/find-port.mjs';
import { findStorage } from '../next-chat/demo/find-storage.mjs';
import { host } from '../next-chat/demo/places.mjs';
import { printFacts, runWithParts } from '../next-chat/demo/run-with-parts.mjs';
import { buildPrograms } from './build.mjs';
import { createWorkerProcesses } from './worker-processes.mjs';

const folder = import.meta.dirname;
const names = ['1', '2', '3'];

await runWithParts(async (parts) => {
  const port = await findPort(process.env.PORT || '3000', host);
  const storage = await findStorage({ count: names.length });
  if (storage.stop) parts.add(storage.stop);
  await buildIfOutdated(parts, [packageBuild]);
  await buildPrograms();
  const model = await findModel(parts);
  const env = { ...storage.env, ...model.env };

  const workers = createWorkerProcesses(parts, {
    names,
    start: (name) =>
      parts.startNode([join(folder, 'dist', 'worker.mjs')], {
        ...{ cwd: folder, env: { ...env, DEMO_INSTANCE: name }, serves: true },
      }),
  });

  // This process is the web process.
  Object.assign(process.env, env);
  const { serveWeb } = await import('./dist/web.mjs');
  const { close } = await serveWeb({ port, hostname: host, workers });
  parts.add(close);

  printFacts([
    ['Open', `http://localhost:${port}`],
    ['Model', model.description],
    ['Tasks', storage.description],
    ['Web', `process ${process.pid}`],
    ...workers.list().map(({ name, pid }) => ['Worker', `${name}, process ${pid}`]),
    ['Stop', 'Ctrl+C'],
  ]);
  await new Promise(() => {});
});
