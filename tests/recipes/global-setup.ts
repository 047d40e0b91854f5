import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { run } from './run-program';

declare module 'vitest' {
  interface ProvidedContext {
    /** What `npm pack` has made of the built package. */
    tarball: string;
  }
}

const root = new URL('../../', import.meta.url);

/** Packs the build once for all tests of a run: `npm run build` comes before. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'recipes-tarball-'));
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [{ filename }] = JSON.parse(await run('npm', pack, { cwd: root }));
  provide('tarball', join(folder, filename));
  return () => rm(folder, { recursive: true });
}
