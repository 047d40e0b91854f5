// Finds a Chromium for the browser tests: CHROMIUM_PATH, then PATH, then Debian's package.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The path of an installed Chromium, or `undefined`.
 *
 * @throws when CHROMIUM_PATH names something that cannot be run.
 */
export function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`CHROMIUM_PATH is ${named}, which is not an executable file.`);
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
 * The path of a Chromium, installed from Debian's packages when there is none yet.
 *
 * @throws when there is none and it cannot be installed here; the message says what to do.
 */
export function findOrInstallChromium() {
  const found = findChromium();
  if (found) return found;
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    apt('update');
    apt('install', '-y', 'chromium');
    const installed = findChromium();
    if (installed) return installed;
  }
  throw new Error(
    'The browser tests need Chromium. Install it (Debian: `apt-get install chromium` as root), ' +
      'or set CHROMIUM_PATH to the path of a Chromium or Chrome.',
  );
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
    // Not there, or not to be run by us: either way not a browser that we can use.
    return false;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(findOrInstallChromium());
}
