// `npm run docs:api`: writes docs/api from the comments in the source. With `--check` it writes
// nothing, and fails when docs/api is out of date.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Application, ReflectionKind } from 'typedoc';
import { root } from './run-step.mjs';

const folder = join(root, 'docs', 'api');
/** The entries of the package by the folder of their source; each entry gets a page. */
const entries = {
  protocol: 'ai-task-stream',
  server: 'ai-task-stream/server',
  'server/redis': 'ai-task-stream/redis',
  bullmq: 'ai-task-stream/bullmq',
  testing: 'ai-task-stream/testing',
  ui: 'ai-task-stream/ui',
  'ui/react': 'ai-task-stream/react',
  'ui/react/chat': 'ai-task-stream/react/chat',
};

if (process.argv.includes('--check')) {
  const fresh = await mkdtemp(join(tmpdir(), 'ai-task-stream-api-'));
  try {
    await generate(fresh);
    const [expected, actual] = await Promise.all([readPages(fresh), readPages(folder)]);
    const names = [...new Set([...expected.keys(), ...actual.keys()])];
    const outdated = names.filter((name) => expected.get(name) !== actual.get(name));
    if (outdated.length > 0) {
      console.log(`docs/api is out of date (${outdated.join(', ')}). Run: npm run docs:api`);
      process.exitCode = 1;
    }
  } finally {
    await rm(fresh, { recursive: true });
  }
} else {
  await generate(folder);
}

/** Writes one page for each entry, and an index of them. */
async function generate(out) {
  const application = await Application.bootstrapWithPlugins({
    entryPoints: Object.keys(entries).map((path) => join(root, 'src', path, 'index.ts')),
    tsconfig: join(root, 'tsconfig.json'),
    name: 'API reference',
    readme: 'none',
    // `npm run typecheck` reports errors.
    skipErrorChecking: true,
    // Without links to sources: they would be paths of this machine or addresses of a repository.
    disableSources: true,
    // Members that a class inherits from `Error` and the like are described elsewhere.
    excludeExternals: true,
    plugin: ['typedoc-plugin-markdown'],
    outputFileStrategy: 'modules',
    flattenOutputFiles: true,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    hideGroupHeadings: true,
    groupOrder: ['Functions', 'Variables', 'Classes', 'Interfaces', 'Type Aliases'],
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
    propertyMembersFormat: 'table',
    tableColumnSettings: { hideDefaults: true },
    logLevel: 'Warn',
    out,
  });
  const project = await application.convert();
  if (!project) throw new Error('The source could not be read. See above.');
  for (const page of project.children ?? []) page.name = entries[page.name];
  for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
    // A destructured parameter has no name in the source.
    if (parameter.name === '__namedParameters') parameter.name = 'options';
  }
  await application.generateOutputs(project);
  const index = join(out, 'README.md');
  const note = 'Made from the comments in the source by `npm run docs:api`.';
  const text = await readFile(index, 'utf8');
  await writeFile(index, text.replace(/^# .*\n/, `$&\n${note}\n`));
  if (application.logger.hasErrors() || application.logger.hasWarnings()) {
    throw new Error('The reference is not as it must be. See above.');
  }
}

/** The pages of a folder by their names; none when there is no such folder. */
async function readPages(path) {
  const names = await readdir(path).catch(() => []);
  const texts = await Promise.all(names.map((name) => readFile(join(path, name), 'utf8')));
  return new Map(names.map((name, index) => [name, texts[index]]));
}
