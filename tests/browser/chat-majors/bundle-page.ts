import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../../../', import.meta.url);

const entries = {
  6: new URL('page-v6.ts', import.meta.url),
  7: new URL('page-v7.ts', import.meta.url),
};

/** By what names a major version is installed here. */
const packages: Record<6 | 7, Record<string, string>> = {
  6: { ai: 'ai-v6', '@ai-sdk/react': 'ai-sdk-react-v3' },
  7: {},
};

/** The page with all that it is made of, for one major version of the AI SDK. */
export async function bundlePage(major: 6 | 7, entry: URL = entries[major]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    absWorkingDir: fileURLToPath(root),
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    // Names `ai-task-stream/…` by its paths, as the tests' type check does.
    tsconfig: 'tsconfig.tests.json',
    alias: packages[major],
    // `StrictMode` mounts everything twice in development only.
    define: { 'process.env.NODE_ENV': '"development"' },
    logLevel: 'error',
  });
  const [script] = outputFiles;
  if (!script) throw new Error('esbuild made no script of the page.');
  return script.text;
}
