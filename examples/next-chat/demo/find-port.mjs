import { createServer } from 'node:net';
import { DemoError } from './demo-error.mjs';

/** The port named by PORT, if nothing listens there; 0 means any. */
export async function findPort(text, host) {
  const wanted = Number(text);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535) {
    throw new DemoError(`PORT is "${text}", but has to be a number from 0 to 65535.`);
  }
  const port = await tryPort(wanted, host);
  // A browser may resolve `localhost` to the address of IPv4 or of IPv6: both have to be free.
  const isFree = port !== undefined && (await tryPort(port, '::1')) !== undefined;
  if (isFree) return port;
  throw new DemoError(
    `Port ${wanted} is in use: stop what listens there, or choose another with PORT=${wanted + 1} npm run demo.`,
  );
}

/** Listens for a moment; gives the port, or `undefined` when it is taken. */
function tryPort(port, address) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      // This machine has no IPv6, so nothing else can listen there.
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve(port);
      else if (error.code === 'EACCES') {
        reject(new DemoError(`Port ${port} may not be used by you: choose one above 1023.`));
      } else reject(error);
    });
    probe.listen(port, address, () => {
      const { port: actual } = probe.address();
      probe.close(() => resolve(actual));
    });
  });
}
