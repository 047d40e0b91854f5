// After each test nothing may be left: no rejection that nobody handled, and, where the event loop
// is the test's own, no timer, socket, server or child process that keeps the process alive. After
// each file the same holds for what `beforeAll` made.
import { afterAll, afterEach, beforeEach } from 'vitest';
import { cleanUpAll } from './helpers/clean-up';
import { expectNothingLeft, running } from './helpers/leftovers';

const beforeFile = running();
let beforeTest = beforeFile;

beforeEach(() => {
  beforeTest = running();
});

// Hooks that come last run first.
afterEach(() => expectNothingLeft('The test', beforeTest));
afterEach(cleanUpAll);

afterAll(() => expectNothingLeft('The file', beforeFile));
