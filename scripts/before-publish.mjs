// `npm publish` runs this first. On npm, the relative links and the picture of README.md lead to the
// repository that package.json names, and nowhere without one.
import { readFileSync } from 'node:fs';

const { repository } = JSON.parse(readFileSync('package.json', 'utf8'));
if (!repository) {
  console.error('Set `repository` in package.json, so that the links of README.md work on npm.');
  process.exitCode = 1;
}
