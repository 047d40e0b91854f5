import { fileURLToPath } from 'node:url';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

/** @type {import('next').NextConfig} */
export default {
  // `ai-task-stream` is a link to the repository's root, so bundling has to start at that folder.
  turbopack: { root: repositoryRoot },
  outputFileTracingRoot: repositoryRoot,
  // The types are checked by `npm run check`.
  typescript: { ignoreBuildErrors: true },
  devIndicators: false,
  poweredByHeader: false,
};
