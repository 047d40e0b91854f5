import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The folder of the demo, as an app of Next.js. */
export const app = fileURLToPath(new URL('../', import.meta.url));

export const next = join(root, 'node_modules', 'next', 'dist', 'bin', 'next');

/** The demo serves this machine only: others in the network could spend the API key. */
export const host = '127.0.0.1';
