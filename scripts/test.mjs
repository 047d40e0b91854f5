// `npm test`: the checks, then every test, those with a browser and with Redis included. The last
// line of the output is the tally. With `--long` some tests do more (`TEST_LONG`): they take longer,
// and need the network.
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from './find-program.mjs';
import { root, run, step } from './run-step.mjs';

const long = process.argv.includes('--long') ? { TEST_LONG: '1' } : {};
const reportFile = join(root, 'test-results', 'vitest.json');

const checks = await run('node', ['scripts/check.mjs']);
if (checks.code !== 0) stop('The tests were not run: the checks above come first.');

await run('node', ['scripts/system-packages.mjs', '--if-allowed']);
const curl = find('curl');
const chromium = find('chromium');
// Needed even with REDIS_URL: tests that kill, pause or restart a server start one of their own.
const redisServer = find('redis');
if (process.env.REDIS_URL) console.log('✓ Redis: REDIS_URL, for tests that share a database');

if (existsSync(join(root, 'examples', 'next-chat', 'package.json'))) {
  const built = await step('demo build', 'npm', ['run', 'build', '-w', 'examples/next-chat']);
  if (!built) stop('The tests were not run: they drive the demo.');
}

await rm(reportFile, { force: true });
const tests = await run(
  'vitest',
  [
    'run',
    '--reporter=default',
    '--reporter=json',
    '--reporter=./scripts/stall-reporter.mjs',
    `--outputFile.json=${reportFile}`,
  ],
  { env: { CHROMIUM_PATH: chromium, CURL_PATH: curl, REDIS_SERVER_PATH: redisServer, ...long } },
);

const report = JSON.parse(await readFile(reportFile, 'utf8').catch(() => '{}'));
const passed = report.numPassedTests ?? 0;
// A test file that does not load has no tests to count, yet it has failed.
const brokenFiles = (report.testResults ?? []).filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((t) => t.status === 'failed'),
).length;
// A test that was skipped has not shown anything: it counts as failed.
const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
let failed = (report.numFailedTests ?? 0) + brokenFiles + skipped;
// Errors outside of tests, or a run without a report, count as one failure.
if (failed === 0 && tests.code !== 0) failed = 1;
if (passed === 0) failed = Math.max(failed, 1);

if (skipped > 0) console.log(`${skipped} skipped tests count as failed.`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** Prints where a program is, or ends with the sentence that says how to get it. */
function find(name) {
  try {
    const path = requireProgram(name);
    console.log(`✓ ${name}: ${path}`);
    return path;
  } catch (error) {
    return stop(error.message);
  }
}

function stop(reason) {
  console.log(`${reason}\n0 passed, 1 failed`);
  process.exit(1);
}
