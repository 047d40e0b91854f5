// @ts-check
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ports that systems hand out to outgoing connections: whoever tries again and again to
// reach a server that is down could be given that very port, and connect to itself.
const lowest = 12_000;
const highest = 32_000;

/**
 * A port of this machine that nothing listens on just now.
 *
 * @returns {Promise<number>}
 */
export async function findFreePort() {
  for (;;) {
    const port = randomInt(lowest, highest);
    if (await isFree(port)) return port;
  }
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isFree(port) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
