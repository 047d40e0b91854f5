import { now } from './clock.mjs';
import { chunksPerSecond, stampedChunk } from './source.mjs';

/** Sources of stamped chunks at a steady pace each, their turns spread evenly over time. */
export function createManySource({ shape, count, seconds }) {
  const controllers = [];
  const total = count * seconds * chunksPerSecond;
  const perMs = (count * chunksPerSecond) / 1000;
  let worstDelay = 0;
  const sources = Array.from(
    { length: count },
    () =>
      new ReadableStream({
        start(controller) {
          controllers.push(controller);
          if (shape === 'chunk') controller.enqueue({ type: 'text-start', id: 'text' });
        },
      }),
  );
  return {
    sources,
    /** The most that a chunk was late because this process was busy, in milliseconds. */
    worstDelay: () => worstDelay,
    start() {
      const startedAt = now();
      let made = 0;
      const tick = () => {
        const elapsed = now() - startedAt;
        const due = Math.min(total, Math.floor(elapsed * perMs) + 1);
        worstDelay = Math.max(worstDelay, elapsed - made / perMs);
        for (; made < due; made++) {
          controllers[made % count].enqueue(stampedChunk(shape, Math.floor(made / count)));
        }
        if (made < total) return setTimeout(tick, 1);
        for (const controller of controllers) {
          if (shape === 'chunk') controller.enqueue({ type: 'text-end', id: 'text' });
          controller.close();
        }
      };
      tick();
      return startedAt;
    },
  };
}
