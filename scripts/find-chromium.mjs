// Finds a Chromium for the browser tests: CHROMIUM_PATH, then PATH, then Debian's package.
import { pathToFileURL } from 'node:url';
import { canInstall, findProgram, install } from './find-program.mjs';

const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The path of an installed Chromium, or `undefined`.
 *
 * @throws when CHROMIUM_PATH names something that cannot be run.
 */
export function findChromium() {
  return findProgram('CHROMIUM_PATH', commands);
}

/**
 * The path of a Chromium, installed from Debian's packages when there is none yet.
 *
 * @throws when there is none and it cannot be installed here; the message says what to do.
 */
export function findOrInstallChromium() {
  const found = findChromium();
  if (found) return found;
  if (canInstall()) {
    install('chromium');
    const installed = findChromium();
    if (installed) return installed;
  }
  throw new Error(
    'The browser tests need Chromium. Install it (Debian: `apt-get install chromium` as root), ' +
      'or set CHROMIUM_PATH to the path of a Chromium or Chrome.',
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(findOrInstallChromium());
}
