// Checks how many bytes an import costs a page: bundled with all that the import needs except `ai`,
// `react` and `@ai-sdk/react`, minified and gzipped.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const limits = [
  { entry: 'index', limit: 1_950 },
  { entry: 'ui', name: 'createTaskStream', limit: 8_250 },
  { entry: 'ui', name: 'TaskChatTransport', limit: 9_450 },
  { entry: 'ui', name: 'createTaskChat', limit: 12_700 },
  { entry: 'ui', limit: 15_600 },
  { entry: 'react', limit: 10_250 },
  { entry: 'react/chat', limit: 12_700 },
];

/** Leaves out the AI SDK and `react`, which a page has anyway, and which do nothing when only imported. */
const peers = {
  name: 'peers',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^(@ai-sdk\/react|ai|react)$/ }, ({ path }) => ({
      path,
      external: true,
      sideEffects: false,
    })),
};

let tooLarge = false;
for (const { entry, name, limit } of limits) {
  const { outputFiles } = await build({
    stdin: {
      contents: `export ${name ? `{ ${name} }` : '*'} from './${entry}.js';`,
      resolveDir: 'dist',
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    plugins: [peers],
    logLevel: 'error',
  });
  const size = gzipSync(outputFiles[0].contents, { level: 9 }).byteLength;
  const verdict = size > limit ? `over the limit of ${limit}` : `limit ${limit}`;
  const label = name ? `${entry}, ${name} only` : entry;
  console.log(`${label.padEnd(26)} ${String(size).padStart(5)} bytes, ${verdict}`);
  tooLarge ||= size > limit;
}
process.exitCode = tooLarge ? 1 : 0;
