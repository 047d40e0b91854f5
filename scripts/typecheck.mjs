// `npm run typecheck`: src by the strict rules of declarations, then all that surrounds it, then
// the Next.js apps by settings of their own (they read the built package: run `npm run build` before).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run-step.mjs';

const examples = ['next-chat', 'next'].map((name) => join('examples', name));

const results = await Promise.all([
  run('tsc', ['-p', 'tsconfig.json']),
  run('tsc', ['-p', 'tsconfig.tests.json']),
]);
for (const example of examples.filter((path) => existsSync(join(root, path)))) {
  // Writes the types of the routes and next-env.d.ts, neither of which is in the repository.
  const generated = await run('next', ['typegen', example], { quiet: true });
  if (generated.code !== 0) console.log(generated.output);
  results.push(generated, await run('tsc', ['--noEmit', '-p', join(example, 'tsconfig.json')]));
}
process.exitCode = results.some(({ code }) => code !== 0) ? 1 : 0;
