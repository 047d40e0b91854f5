// `npm run check`: everything that can be said about the project without running a test.
import { step } from './run-step.mjs';

// publint and attw pack the package; the build is a step of its own, so `prepack` must not repeat it.
const packed = { env: { npm_config_ignore_scripts: 'true', npm_config_loglevel: 'error' } };

const passed = [
  await step('linter and formatter', 'biome', ['ci', '--colors=off', '--error-on-warnings']),
  await step('dead code', 'knip', ['--no-progress']),
  await step('API reference', 'node', ['scripts/api-reference.mjs', '--check']),
];

const built = await step('build', 'tsup', []);
passed.push(built);
// The types of the examples, and all that follows, read the built package.
passed.push(await step('types', 'node', ['scripts/typecheck.mjs']));
if (built) {
  passed.push(
    await step('publint', 'publint', ['--strict', '--pack', 'npm'], packed),
    await step('attw', 'attw', ['--pack', '.', '--profile', 'esm-only', '--no-color'], packed),
    await step('sizes', 'node', ['scripts/sizes.mjs']),
    await step('exports', 'node', ['scripts/exports.mjs']),
  );
}

const failed = passed.filter((ok) => !ok).length;
if (failed > 0) console.log(`${failed} of the checks failed.`);
process.exitCode = failed > 0 ? 1 : 0;
