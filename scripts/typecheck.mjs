// `npm run typecheck`: src by the strict rules of declarations, then all that surrounds it, then the
// demo by Next's own settings (it reads the built package: run `npm run build` before).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run-step.mjs';

const demo = join('examples', 'next-chat');
const demoConfig = join(demo, 'tsconfig.json');

const results = await Promise.all([
  run('tsc', ['-p', 'tsconfig.json']),
  run('tsc', ['-p', 'tsconfig.tests.json']),
]);
if (existsSync(join(root, demoConfig))) {
  // Writes the types of the routes and next-env.d.ts, neither of which is in the repository.
  const generated = await run('next', ['typegen', demo], { quiet: true });
  if (generated.code !== 0) console.log(generated.output);
  results.push(generated, await run('tsc', ['--noEmit', '-p', demoConfig]));
}
process.exitCode = results.some(({ code }) => code !== 0) ? 1 : 0;
