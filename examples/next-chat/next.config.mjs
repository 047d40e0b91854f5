import { fileURLToPath } from 'node:url';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

/** @type {import('next').NextConfig} */
export default {
  // `ai-task-stream` is a link to the repository's root, so bundling has to start at that folder.
  turbopack: { root: repositoryRoot },
  outputFileTracingRoot: repositoryRoot,
  devIndicators: false,
  poweredByHeader: false,
  // Browsers ask for /favicon.ico before a page has told them of its icon.
  rewrites: async () => [{ source: '/favicon.ico', destination: '/icon.svg' }],
};
