import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ofRedis = new URL('processes/', import.meta.url);

/**
 * Bundles each script of a folder with all that it uses, packages too: a process that loads them
 * from hundreds of files takes twice as long to come up, and a test starts up to 20 at once.
 */
export async function bundlePrograms(from: URL = ofRedis): Promise<Record<string, string>> {
  const folder = fileURLToPath(from);
  const names = readdirSync(folder).map((file) => file.replace('.ts', ''));
  const { outputFiles } = await build({
    entryPoints: names.map((name) => `${folder}${name}.ts`),
    bundle: true,
    write: false,
    outdir: folder,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // For packages that are CommonJS.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    sourcemap: 'inline',
    sourcesContent: false,
    // Its `paths` lead imports of `ai-task-stream/…` to the source.
    tsconfig: fileURLToPath(new URL('../../tsconfig.tests.json', import.meta.url)),
    loader: { '.lua': 'text' },
    logLevel: 'error',
  });
  return Object.fromEntries(outputFiles.map(({ text }, index) => [names[index], text]));
}
