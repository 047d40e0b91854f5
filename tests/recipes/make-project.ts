import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import type { Framework } from './frameworks';
import { installFromHere } from './install-from-here';
import type { Recipe } from './read-recipe';
import { run } from './run-program';

/** A project outside of this repository, in which recipes have been followed to the letter. */
export interface Project {
  folder: string;
  remove(): Promise<void>;
}

/** Begins a project, installs what the recipes name, and pastes what they show, one by one. */
export async function makeProject(framework: Framework, ...recipes: Recipe[]): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'recipes-'));
  const pasted = recipes.flatMap(({ files }) => [...files]);
  for (const [path, text] of [...Object.entries(framework.files), ...pasted]) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const named = new Set(recipes.flatMap(({ packages }) => packages));
  if (!named.delete('ai-task-stream')) throw new Error('The recipe does not install the package.');
  await install([...framework.packages, ...named], folder);
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

/** The package itself comes from its tarball, all others from here or, with TEST_LONG, from npm. */
async function install(packages: string[], folder: string): Promise<void> {
  const tarball = inject('tarball');
  if (process.env.TEST_LONG) {
    await run('npm', ['install', '--no-audit', '--no-fund', ...packages, tarball], { cwd: folder });
    return;
  }
  installFromHere(packages, folder);
  const unpacked = join(folder, 'node_modules', 'ai-task-stream');
  await mkdir(unpacked);
  await run('tar', ['-xzf', tarball, '--strip-components', '1'], { cwd: unpacked });
}
