import { join } from 'node:path';
import { isOutdated } from '../../../scripts/is-outdated.mjs';
import { DemoError } from './demo-error.mjs';
import { app, next, root } from './places.mjs';

const tsup = join(root, 'node_modules', 'tsup', 'dist', 'cli-default.js');
const entries = ['index', 'server', 'redis', 'bullmq', 'ui', 'react', 'react/chat'];

export const packageBuild = {
  name: 'the package',
  args: [tsup],
  cwd: root,
  outputs: entries.flatMap((entry) => [`dist/${entry}.js`, `dist/${entry}.d.ts`]),
  sources: ['src', 'tsup.config.ts', 'tsconfig.base.json', 'tsconfig.json', 'package.json'],
};

export const demoBuild = {
  name: 'the demo',
  args: [next, 'build'],
  cwd: app,
  outputs: ['.next/BUILD_ID'],
  sources: [
    ...['app', 'components', 'lib', 'next.config.mjs', 'package.json', 'tsconfig.json'],
    ...['../../dist', '../../package-lock.json'],
  ],
};

/** Builds what is missing, or older than its sources, in the given order. */
export async function buildIfOutdated(parts, builds) {
  for (const { name, args, cwd, outputs, sources } of builds) {
    if (!(await isOutdated({ cwd, outputs, sources }))) continue;
    console.log(`Building ${name} …`);
    const { code, output } = await parts.startNode(args, { cwd }).ended;
    if (parts.isStopping) throw new DemoError('Stopped.');
    if (code !== 0) throw new DemoError(`${output}\nBuilding ${name} failed.`);
  }
}
