import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { typedChat } from './typed-chat';
import { typedMessages } from './typed-messages';
import { typedRoute } from './typed-route';
import { TypedTaskChat } from './typed-task-chat';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Whatever is not of one version of the AI SDK is the same for all programs. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** Reads each file once for all programs. */
function createSharingHost(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (path, ...others) => {
    if (!parsed.has(path)) parsed.set(path, getSourceFile.call(host, path, ...others));
    return parsed.get(path);
  };
  return host;
}

it('is a transport of `useChat` and `Chat`, and types messages, by AI SDK 7', () => {
  // By `npm run typecheck`.
  expect(typedChat).toBeTypeOf('function');
  expect(typedMessages).toBeTypeOf('function');
  expect(typedRoute).toBeTypeOf('function');
  expect(TypedTaskChat).toBeTypeOf('function');
});

it.each([
  { version: 6, ai: 'ai-v6', aiReact: 'ai-sdk-react-v3' },
  { version: '6.0.304', ai: 'ai-v6-lowest', aiReact: 'ai-sdk-react-v3-lowest' },
  { version: '7.0.112', ai: 'ai-v7-lowest', aiReact: 'ai-sdk-react-v4-lowest' },
])(
  'is a transport of `useChat` and `Chat`, and types messages, by AI SDK $version',
  ({ ai, aiReact }) => {
    const { config } = ts.readConfigFile(`${root}tsconfig.tests.json`, ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
    const names = ['typed-chat', 'typed-messages', 'typed-route', 'typed-task-chat'].map(
      (name) => `${root}tests/ui/chat/${name}.ts`,
    );
    const own = { ai: [`./node_modules/${ai}`], '@ai-sdk/react': [`./node_modules/${aiReact}`] };
    const ownOptions = { ...options, paths: { ...options.paths, ...own } };
    const program = ts.createProgram(names, ownOptions, createSharingHost(ownOptions));
    const sources = program.getSourceFiles();
    const files = sources.map(({ fileName }) => fileName);
    expect(files.some((file) => file.includes(`/node_modules/${ai}/`))).toBe(true);
    expect(files.filter((file) => file.includes('/node_modules/ai/'))).toEqual([]);
    // The server's insides are written in the types of the newest; hosts see declarations only.
    const seen = sources.filter(({ fileName }) => !fileName.includes('/src/server/'));
    const diagnostics = [
      ...program.getOptionsDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...seen.flatMap((file) => ts.getPreEmitDiagnostics(program, file)),
    ];
    const problems = diagnostics.map(({ messageText, file }) => {
      return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
    expect(problems).toEqual([]);
  },
  300_000,
);
