// Checks whether programs that compiled with the types of the last release compile with those of the
// built package. `--update` stores the present types as those of the last release: run it with a
// release, and when a change that breaks programs is meant.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { compareTypes } from './compare-types.mjs';
import { root } from './run-step.mjs';

const built = join(root, 'dist');
const released = join(root, 'tests', 'package', 'released');

const { exports: entries } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const types = Object.values(entries).flatMap(({ types }) => types ?? []);
const names = types.map((path) => path.replace(/^\.\/dist\/(.*)\.d\.ts$/, '$1'));

if (process.argv.includes('--update')) {
  await rm(released, { recursive: true, force: true });
  await mkdir(released, { recursive: true });
  for (const [name, text] of await readBuilt()) {
    await mkdir(dirname(join(released, name)), { recursive: true });
    await writeFile(join(released, name), text);
  }
  console.log('tests/package/released now has the present types.');
} else {
  const before = (await readdir(released, { recursive: true })).filter((name) =>
    types.includes(`./dist/${name}`),
  );
  const wanted = [...new Set([...names, ...before.map((name) => name.replace('.d.ts', ''))])];
  const problems = compareTypes({ before: released, after: built }, wanted);
  for (const problem of problems) console.log(problem);
  if (problems.length > 0) {
    console.log(
      'Programs of users would break. If that is meant, tell them in CHANGELOG.md and run:',
    );
    console.log('  node scripts/compatibility.mjs --update');
    process.exitCode = 1;
  }
}

/** The declarations that the entries import, without the hashes in the names of shared files. */
async function readBuilt() {
  const files = new Map();
  const waiting = names.map((name) => `${name}.d.ts`);
  for (let file = waiting.pop(); file; file = waiting.pop()) {
    if (files.has(file)) continue;
    const text = await readFile(join(built, file), 'utf8');
    files.set(file, text);
    for (const [, next] of text.matchAll(/'(\.{1,2}\/[^']+)\.js'/g)) {
      waiting.push(join(dirname(file), `${next}.d.ts`));
    }
  }
  const plain = (text) => text.replaceAll(/-[\w-]{8}(?=\.(js|d\.ts))/g, '');
  return [...files].map(([name, text]) => [plain(name), plain(text)]);
}
