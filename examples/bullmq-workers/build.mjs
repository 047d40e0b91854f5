import { build } from 'esbuild';

const folder = import.meta.dirname;

/** Builds the programs of the demo and its page, which takes less than a second. */
export async function buildPrograms() {
  const common = { absWorkingDir: folder, bundle: true, format: 'esm', logLevel: 'error' };
  await Promise.all([
    build({
      ...common,
      entryPoints: ['web.ts', 'worker.ts'],
      platform: 'node',
      packages: 'external',
      outdir: 'dist',
      outExtension: { '.js': '.mjs' },
    }),
    build({
      ...common,
      entryPoints: ['page.tsx'],
      jsx: 'automatic',
      minify: true,
      define: { 'process.env.NODE_ENV': '"production"' },
      outfile: 'dist/page.js',
    }),
  ]);
}
