// `npm run test:fast`: what needs neither a build, nor Redis, nor a browser, and does not take long.
// With `TEST_FAST`, chats are tried with the newest versions of the AI SDK only.
import { run } from './run-step.mjs';

const projects = ['protocol', 'server', 'ui'].map((name) => `--project=${name}`);
const options = ['--experimental.fsModuleCache', '--maxWorkers=3'];
const { code } = await run('vitest', ['run', ...projects, ...options, ...process.argv.slice(2)], {
  env: { TEST_FAST: '1' },
});
process.exitCode = code;
