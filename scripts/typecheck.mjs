// `npm run typecheck` checks types: with `sources` those of src, by the strict rules of declarations,
// and of tests, scripts and the like; with `apps` those of the Next.js apps, which have settings of
// their own and read the built package (run `npm run build` before). Without an argument, both.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run-step.mjs';

const checks = { sources: checkSources, apps: checkApps };
const wanted = process.argv.slice(2);
const results = [];
for (const [name, check] of Object.entries(checks)) {
  if (wanted.length === 0 || wanted.includes(name)) results.push(...(await check()));
}
process.exitCode = results.length > 0 && results.every(({ code }) => code === 0) ? 0 : 1;

async function checkSources() {
  return [
    await run('tsc', ['-p', 'tsconfig.json']),
    await run('tsc', ['-p', 'tsconfig.tests.json']),
  ];
}

async function checkApps() {
  const results = [];
  for (const app of ['next-chat', 'next'].map((name) => join('examples', name))) {
    if (!existsSync(join(root, app))) continue;
    // The types of the routes and next-env.d.ts are generated, because neither is in the repository.
    const generated = await run('next', ['typegen', app], { quiet: true });
    if (generated.code !== 0) console.log(generated.output);
    results.push(generated, await run('tsc', ['--noEmit', '-p', join(app, 'tsconfig.json')]));
  }
  return results;
}
