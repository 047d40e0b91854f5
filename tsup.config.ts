import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/protocol/index.ts',
    server: 'src/server/index.ts',
    redis: 'src/server/redis/index.ts',
    bullmq: 'src/bullmq/index.ts',
    'server-in-browser': 'src/server/browser/server.ts',
    'redis-in-browser': 'src/server/browser/redis.ts',
    'bullmq-in-browser': 'src/server/browser/bullmq.ts',
    testing: 'src/testing/index.ts',
    ui: 'src/ui/index.ts',
    react: 'src/ui/react/index.ts',
    'react/chat': 'src/ui/react/chat/index.ts',
    cli: 'src/cli/cli.ts',
  },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  dts: true,
  splitting: true,
  sourcemap: true,
  clean: true,
  // esbuild shakes the tree while it bundles. tsup's `treeshake: true` would add a pass through
  // Rollup, which drops the "use client" directive.
  loader: { '.lua': 'text' },
  external: ['@ai-sdk/react', 'ai', 'bullmq', 'ioredis', 'react', 'react-dom', 'redis', /^node:/],
  silent: true,
});
