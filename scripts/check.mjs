// `npm run check`: everything that can be said about the project without running a test.
import { step } from './run-step.mjs';

// publint and attw pack the package; the build is a step of its own, so `prepack` must not repeat it.
const packed = { env: { npm_config_ignore_scripts: 'true', npm_config_loglevel: 'error' } };
const typecheck = 'scripts/typecheck.mjs';

/** The checks that read the built package. */
async function checkPackage() {
  if (!(await step('build', 'tsup', []))) return [false];
  return [
    await step('types of the apps', 'node', [typecheck, 'apps']),
    await step('publint', 'publint', ['--strict', '--pack', 'npm'], packed),
    await step('attw', 'attw', ['--pack', '.', '--profile', 'esm-only', '--no-color'], packed),
    await step('sizes', 'node', ['scripts/sizes.mjs']),
    await step('exports', 'node', ['scripts/exports.mjs']),
    await step('compatibility of types', 'node', ['scripts/compatibility.mjs']),
  ];
}

/** The checks that read only sources. */
async function checkSources() {
  return [
    await step('API reference', 'node', ['scripts/api-reference.mjs', '--check']),
    await step('types', 'node', [typecheck, 'sources']),
  ];
}

const passed = [
  await step('linter and formatter', 'biome', ['ci', '--colors=off', '--error-on-warnings']),
  await step('dead code', 'knip', ['--no-progress']),
  // Both groups run at the same time: each keeps about one core busy.
  ...(await Promise.all([checkPackage(), checkSources()])).flat(),
];

const failed = passed.filter((ok) => !ok).length;
if (failed > 0) console.log(`${failed} of the checks failed.`);
process.exitCode = failed > 0 ? 1 : 0;
