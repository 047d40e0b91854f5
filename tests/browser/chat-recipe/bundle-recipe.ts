import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { readPastedFiles } from '../../helpers/snippets';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** By what names a major version is installed here. */
const packages: Record<6 | 7, Record<string, string>> = {
  6: { ai: 'ai-v6', '@ai-sdk/react': 'ai-sdk-react-v3', '@ai-sdk/openai': 'ai-sdk-openai-v3' },
  7: {},
};

/** Only where the page uploads the newest message, and nothing but that. */
const uploadsNewest = /^ {2}prepareSendMessagesRequest: .*\n/m;

/** The files that docs/chat.md shows, by path, for one major version of the AI SDK. */
function readRecipe(major: 6 | 7, { uploadsAll }: { uploadsAll: boolean }): Map<string, string> {
  const files = readPastedFiles(`${root}docs/chat.md`, major);
  const page = files.get('app/chat.tsx') ?? '';
  if (!uploadsNewest.test(page)) throw new Error('The page of docs/chat.md uploads all messages.');
  if (uploadsAll) files.set('app/chat.tsx', page.replace(uploadsNewest, ''));
  return files;
}

/** This host is not Next.js: nothing waits for what is given to `after`. */
const outsideOfNext = 'export const after = () => {};';

/** Serves the files to the bundler as `recipe:` and their path. Nothing is written. */
function recipePlugin(files: Map<string, string>): Plugin {
  const namespace = 'recipe';
  return {
    name: namespace,
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^recipe:/ }, ({ path }) => ({ path: path.slice(7), namespace }));
      onResolve({ filter: /^next\/server$/, namespace }, ({ path }) => ({ path, namespace }));
      onResolve({ filter: /^\./, namespace }, ({ path, importer }) => {
        const file = posix.join(posix.dirname(importer), path);
        return { path: files.has(`${file}.tsx`) ? `${file}.tsx` : `${file}.ts`, namespace };
      });
      onLoad({ filter: /./, namespace }, ({ path }) => ({
        contents: path === 'next/server' ? outsideOfNext : (files.get(path) ?? ''),
        loader: path.endsWith('x') ? 'tsx' : 'ts',
        resolveDir: root,
      }));
    },
  };
}

async function bundle(options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    // Names `ai-task-stream/…` by its paths, as the tests' type check does.
    tsconfig: 'tsconfig.tests.json',
    loader: { '.lua': 'text' },
    logLevel: 'error',
    ...options,
  });
  return outputFiles?.[0]?.text ?? '';
}

/** Bundles what docs/chat.md shows, as it stands there: its server, and its page. */
export async function bundleRecipe(
  major: 6 | 7,
  { uploadsAll = false }: { uploadsAll?: boolean } = {},
): Promise<{ host: string; page: string }> {
  const plugins = [recipePlugin(readRecipe(major, { uploadsAll }))];
  const alias = packages[major];
  const folder = 'tests/browser/chat-recipe';
  const [host, page] = await Promise.all([
    bundle({
      entryPoints: [`${folder}/recipe-host.ts`],
      platform: 'node',
      target: 'node20',
      packages: 'external',
      plugins,
      alias,
    }),
    bundle({
      entryPoints: [`${folder}/recipe-page.tsx`],
      target: 'es2022',
      // `StrictMode` mounts everything twice in development only.
      define: { 'process.env.NODE_ENV': '"development"' },
      plugins,
      alias,
    }),
  ]);
  return { host, page };
}

/** One file of docs/chat.md that needs no other, as a module. */
export async function importRecipeFile<Module>(path: string): Promise<Module> {
  const script = await bundle({
    stdin: { contents: `export * from 'recipe:${path}';`, resolveDir: root },
    platform: 'node',
    target: 'node20',
    plugins: [recipePlugin(readRecipe(7, { uploadsAll: false }))],
  });
  return import(`data:text/javascript;base64,${Buffer.from(script).toString('base64')}`);
}
