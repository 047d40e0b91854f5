import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const source = [
  { find: /^ai-task-stream$/, replacement: path('src/protocol/index.ts') },
  { find: /^ai-task-stream\/server$/, replacement: path('src/server/index.ts') },
  { find: /^ai-task-stream\/redis$/, replacement: path('src/server/redis/index.ts') },
  { find: /^ai-task-stream\/bullmq$/, replacement: path('src/bullmq/index.ts') },
  { find: /^ai-task-stream\/testing$/, replacement: path('src/testing/index.ts') },
  { find: /^ai-task-stream\/ui$/, replacement: path('src/ui/index.ts') },
  { find: /^ai-task-stream\/react$/, replacement: path('src/ui/react/index.ts') },
  { find: /^ai-task-stream\/react\/chat$/, replacement: path('src/ui/react/chat/index.ts') },
];

// The ES modules of these go through Vite together with ours, so that one alias decides which
// React all of them get.
const inline = [
  '@testing-library/react',
  '@ai-sdk/react',
  'ai-sdk-react-v3',
  'ai-sdk-react-v3-lowest',
  'ai-sdk-react-v4-lowest',
  'swr',
];
const testingLibrary = {
  find: /^@testing-library\/react$/,
  replacement: path('node_modules/@testing-library/react/dist/@testing-library/react.esm.js'),
};
const react18 = [
  { find: /^react$/, replacement: path('tests/react-18/node_modules/react/index.js') },
  {
    find: /^react\/jsx-(dev-)?runtime$/,
    replacement: path('tests/react-18/node_modules/react/jsx-$1runtime.js'),
  },
  { find: /^react-dom$/, replacement: path('tests/react-18/node_modules/react-dom/index.js') },
  {
    find: /^react-dom\/(client|server|test-utils)$/,
    replacement: path('tests/react-18/node_modules/react-dom/$1.js'),
  },
];

/** Which modules run on the tests' servers, though in the process of the page. */
const ofServers = /\/src\/(server\/.*|protocol\/task-id)\.ts$/;

/** Gives the code of the tests' servers what `tests/bare` takes from the page. */
const keepNodeForServers: Plugin = {
  name: 'keep-node-for-servers',
  enforce: 'pre',
  transform(code, id) {
    if (!ofServers.test(id)) return undefined;
    const names = 'AbortController, AbortSignal, DOMException, crypto, globalThis';
    const from = path('tests/bare/node-platform.ts');
    // On the first line, so that the lines of errors stay what they are.
    return `import { nodePlatform } from '${from}'; const { ${names} } = nodePlatform; ${code}`;
  },
};

/** What `loader` is to the build. */
const lua = {
  name: 'lua',
  transform: (source: string, id: string) =>
    id.endsWith('.lua') ? `export default ${JSON.stringify(source)};` : undefined,
};

interface NodeOptions {
  exclude?: string[];
  globalSetup?: string[];
  testTimeout?: number;
  hookTimeout?: number;
  maxWorkers?: number;
  sequence?: { groupOrder: number };
  isolate?: boolean;
}

const redis = {
  globalSetup: ['tests/redis/global-setup.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
};
const browser = { testTimeout: 120_000, hookTimeout: 180_000 };
// `npm install` from the network may take its time.
const recipes = { ...browser, hookTimeout: process.env.TEST_LONG ? 900_000 : 300_000 };

/** They mostly wait: for a lease to lapse, for a server to come up, for a page. */
const fiveAtATime = { maxWorkers: 5, sequence: { groupOrder: 1 } };

/** They hold processes to a time that is promised, which others would take from them. */
const timed = ['tests/redis/lost-producer.test.ts'];
const alone = { maxWorkers: 1, sequence: { groupOrder: 2 } };

/**
 * The files of a worker share what they import, which would take longer than most of them. So what a
 * helper registers when it is loaded is registered once, and not for each file.
 */
const sharingModules = { isolate: false };

/** They read the build or the documents, fill memory, or try very many cases: not for `test:fast`. */
const slow = [
  'tests/contract/attempt-schedules.test.ts',
  'tests/docs/**/*.test.ts',
  'tests/package/**/*.test.ts',
  'tests/protocol/compact-replay-in-ai-sdk.test.ts',
  'tests/server/http/refused-bodies.test.ts',
  'tests/server/http/unread-responses.test.ts',
  'tests/server/memory/*.test.ts',
  'tests/server/recovery/attempt-responses.test.ts',
  'tests/server/resumable/resumable-strings.test.ts',
  'tests/server/task/encode-chunk.test.ts',
  'tests/server/task/message-history.test.ts',
  'tests/server/task/message-record.test.ts',
  'tests/server/task/saved-message.test.ts',
  'tests/testing/faulty-stream-context.test.ts',
  'tests/testing/test-attempts.test.ts',
  'tests/testing/test-stream-context.test.ts',
  'tests/ui/attempts.test.ts',
  'tests/ui/chat/attempts.test.ts',
  'tests/ui/chat/lowest-versions.test.ts',
  'tests/ui/chat/reconnect.test.ts',
  'tests/ui/chat/types.test.ts',
  'tests/ui/conformance.test.ts',
  'tests/ui/growth.test.ts',
  'tests/ui/reconnect.test.ts',
];

/**
 * Files that take long: begun late, they would keep all others waiting at the end. Those whose server
 * and browser use the cores are spread among those that wait for a lease to lapse.
 */
const longFiles = [
  'tests/recipes/next.test.ts',
  'tests/redis/contract.test.ts',
  'tests/browser/chat.test.ts',
  'tests/redis/saving.test.ts',
  'tests/bullmq/lost-workers.test.ts',
  'tests/browser/chat-majors.test.ts',
  'tests/redis/cluster.test.ts',
  'tests/browser/two-instances.test.ts',
  'tests/browser/chat-trouble.test.ts',
  'tests/redis/saving-apart.test.ts',
  'tests/browser/chat-two-instances.test.ts',
  'tests/browser/chat-recipe.test.ts',
  'tests/redis/saving-turns.test.ts',
  'tests/recipes/vite-hono.test.ts',
];

/** Begins with the files that take longest, which Vitest cannot know in a fresh checkout. */
class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = longFiles.findIndex((file) => moduleId.endsWith(`/${file}`));
      return index < 0 ? longFiles.length : index;
    };
    const sorted = await super.sort(files);
    // `sort` is stable, so all other files stay in their order.
    return sorted.sort((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // The projects share what is transformed.
    experimental: { fsModuleCache: true },
    sequence: { sequencer: LongFilesFirst },
    projects: [
      node('protocol', ['tests/protocol/**/*.test.ts'], { exclude: slow, ...sharingModules }),
      node(
        'server',
        [
          'tests/server/**/*.test.ts',
          'tests/contract/**/*.test.ts',
          'tests/testing/**/*.test.ts',
          'tests/helpers/**/*.test.ts',
          // What users would write, with the kit.
          'examples/*/*.test.ts',
        ],
        { exclude: slow, ...sharingModules },
      ),
      node('slow', slow),
      node('patterns', ['tests/patterns/**/*.test.ts'], sharingModules),
      node('hosts', ['tests/hosts/**/*.test.ts']),
      node('ui', ['tests/ui/**/*.test.ts'], {
        exclude: ['tests/ui/react/**', ...slow],
        ...sharingModules,
      }),
      node('cli', ['tests/cli/**/*.test.ts'], sharingModules),
      react('react-19', []),
      react('react-18', react18),
      // Once more, on a platform that lacks what React Native does.
      bare(
        node('ui-bare', ['tests/ui/**/*.test.ts'], {
          exclude: [
            'tests/ui/react/**',
            'tests/ui/chat/types.test.ts',
            // Very many cases of what a page is told, which no platform changes.
            'tests/ui/attempts.test.ts',
            'tests/ui/chat/attempts.test.ts',
            // Pure functions of what they are given, the versions that are installed, and counts of
            // steps.
            'tests/ui/event-parser.test.ts',
            'tests/ui/growth.test.ts',
            'tests/ui/message-task.test.ts',
            'tests/ui/rewindable-message.test.ts',
            'tests/ui/chat/chat-rewind.test.ts',
            'tests/ui/chat/lowest-versions.test.ts',
          ],
        }),
      ),
      bare(react('react-bare', [])),
      node('redis', ['tests/redis/**/*.test.ts'], {
        ...redis,
        ...fiveAtATime,
        exclude: timed,
      }),
      node('redis-timed', timed, { ...redis, ...alone }),
      node('bullmq', ['tests/bullmq/**/*.test.ts'], {
        ...redis,
        ...fiveAtATime,
        globalSetup: ['tests/bullmq/global-setup.ts'],
      }),
      node('browser', ['tests/browser/**/*.test.ts'], { ...browser, ...fiveAtATime }),
      node('recipes', ['tests/recipes/**/*.test.ts'], {
        ...recipes,
        ...fiveAtATime,
        globalSetup: ['tests/recipes/global-setup.ts'],
      }),
    ],
  },
});

function node(name: string, include: string[], { exclude = [], ...options }: NodeOptions = {}) {
  return {
    plugins: [lua],
    resolve: { alias: source },
    test: {
      name,
      include,
      exclude: ['**/node_modules/**', ...exclude],
      environment: 'node',
      setupFiles: ['tests/setup.ts'],
      // Lets a test collect garbage before it measures memory.
      execArgv: ['--expose-gc'],
      testTimeout: 60_000,
      hookTimeout: 60_000,
      ...options,
    },
  };
}

function react(name: string, alias: { find: RegExp; replacement: string }[]) {
  return {
    resolve: { alias: [...source, testingLibrary, ...alias] },
    test: {
      name,
      include: ['tests/ui/react/**/*.test.{ts,tsx}'],
      environment: 'happy-dom',
      // Testing Library unmounts after each test, and tells React of `act`, only where it finds hooks.
      globals: true,
      setupFiles: ['tests/setup.ts'],
      server: { deps: { inline } },
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  };
}

function bare<Project extends ReturnType<typeof node | typeof react>>(project: Project) {
  const { test } = project;
  return {
    ...project,
    plugins: [keepNodeForServers],
    test: {
      ...test,
      setupFiles: ['tests/bare/bare-platform.ts', ...test.setupFiles],
      // What differs between versions of the AI SDK does not differ with the platform.
      env: { TEST_FAST: '1' },
    },
  };
}
