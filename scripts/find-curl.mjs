// Finds curl for the tests of what it prints: PATH, then Debian's package.
import { canInstall, findProgram, install } from './find-program.mjs';

const findCurl = () => findProgram('CURL_PATH', ['curl']);

/**
 * The path of a curl, installed from Debian's packages when there is none yet.
 *
 * @throws when there is none and it cannot be installed here; the message says what to do.
 */
export function findOrInstallCurl() {
  const found = findCurl();
  if (found) return found;
  if (canInstall()) {
    install('curl');
    const installed = findCurl();
    if (installed) return installed;
  }
  throw new Error(
    'The tests of plain clients need curl. Install it (Debian: `apt-get install curl` as root).',
  );
}
