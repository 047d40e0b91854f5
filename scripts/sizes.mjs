// What an entry costs a page: bundled with all it imports except `ai` and `react`, minified, gzipped.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const limits = { index: 1_500, ui: 5_000, react: 6_000 };

let tooLarge = false;
for (const [entry, limit] of Object.entries(limits)) {
  const { outputFiles } = await build({
    entryPoints: [`dist/${entry}.js`],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['ai', 'react'],
    logLevel: 'error',
  });
  const size = gzipSync(outputFiles[0].contents, { level: 9 }).byteLength;
  const verdict = size > limit ? `over the limit of ${limit}` : `limit ${limit}`;
  console.log(`${entry.padEnd(6)} ${String(size).padStart(5)} bytes, ${verdict}`);
  tooLarge ||= size > limit;
}
process.exitCode = tooLarge ? 1 : 0;
