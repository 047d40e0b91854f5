import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The path of the first of the commands on the PATH, or `undefined`. The environment variable goes
 * first.
 *
 * @throws when the variable names something that cannot be run.
 */
export function findProgram(variable, commands) {
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

/** Whether Debian's packages can be installed here, without asking anybody. */
export function canInstall() {
  return existsSync('/etc/debian_version') && process.getuid?.() === 0;
}

/** Installs a Debian package; prints why if that fails. */
export function install(name) {
  apt('update');
  apt('install', '-y', name);
}

function apt(...args) {
  const { status, stdout, stderr } = spawnSync('apt-get', ['-qq', ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0) console.error(`apt-get ${args.join(' ')} failed:\n${stdout}${stderr}`);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not to be run by us: either way not a program that we can use.
    return false;
  }
}
