// @ts-check
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A program that comes with the system and not with npm.
 *
 * @typedef {object} SystemProgram
 * @property {string} variable The environment variable that names its path.
 * @property {readonly string[]} commands The names that the program may have on the PATH.
 * @property {string} debianPackage
 * @property {string} need Who needs the program, as the beginning of a sentence.
 */

/** @satisfies {Record<string, SystemProgram>} */
export const systemPrograms = {
  chromium: {
    variable: 'CHROMIUM_PATH',
    commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    debianPackage: 'chromium',
    need: 'The browser tests need Chromium or Chrome',
  },
  curl: {
    variable: 'CURL_PATH',
    commands: ['curl'],
    debianPackage: 'curl',
    need: 'The tests of plain clients need curl',
  },
  redis: {
    variable: 'REDIS_SERVER_PATH',
    commands: ['redis-server', 'valkey-server'],
    debianPackage: 'redis-server',
    need: 'The Redis tests start servers of their own, and need redis-server or valkey-server',
  },
};

/** @typedef {keyof typeof systemPrograms} SystemProgramName */

/**
 * The path of a program: the one that its environment variable names, or that of the first of its
 * commands on the PATH. `undefined` when there is none.
 *
 * @param {SystemProgramName} name
 * @returns {string | undefined}
 * @throws when the variable names something that cannot be run.
 */
export function findProgram(name) {
  const { variable, commands } = systemPrograms[name];
  const named = process.env[variable];
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`${variable} is ${named}, which is not an executable file.`);
  }
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    for (const command of commands) {
      const path = join(directory, command);
      if (directory && isExecutable(path)) return path;
    }
  }
  return undefined;
}

/**
 * The path of a program.
 *
 * @param {SystemProgramName} name
 * @returns {string}
 * @throws when there is none; the message says what to do.
 */
export function requireProgram(name) {
  const found = findProgram(name);
  if (found) return found;
  const { variable, debianPackage, need } = systemPrograms[name];
  throw new Error(
    `${need}: install it (Debian: \`npm run system-packages\` as root, or \`apt-get install ` +
      `${debianPackage}\`), or set ${variable} to its path.`,
  );
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // The file does not exist, or this user may not run it.
    return false;
  }
}
