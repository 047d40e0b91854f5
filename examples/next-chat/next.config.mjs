import { fileURLToPath } from 'node:url';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

/** @type {import('next').NextConfig} */
export default {
  // `ai-task-stream` is a link to the repository root, so that is where bundling has to start.
  turbopack: { root: repositoryRoot },
  outputFileTracingRoot: repositoryRoot,
  devIndicators: false,
  poweredByHeader: false,
  // What a browser asks for when the page has not told it yet which icon it has.
  rewrites: async () => [{ source: '/favicon.ico', destination: '/icon.svg' }],
};
