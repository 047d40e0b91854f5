import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The folder of the demo, as an app of Next.js. */
export const app = fileURLToPath(new URL('../', import.meta.url));

export const next = join(root, 'node_modules', 'next', 'dist', 'bin', 'next');

/** This machine only: the page would let everybody in the network spend the API key. */
export const host = '127.0.0.1';
