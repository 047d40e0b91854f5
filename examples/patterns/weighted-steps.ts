import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

/** Phases of unequal length: their weights make one overall progress out of them. */
export const publishVideo = defineTask({
  name: 'publish-video',
  input: z.object({ video: z.string() }),
  steps: { download: 10, convert: 80, publish: 10 },
  execute: async ({ input: { video }, task, signal }) => {
    const frames = await task.step('download', () => download(video));
    const converted = await task.step('convert', async (step) => {
      const done: string[] = [];
      for (const frame of frames) {
        signal.throwIfAborted();
        done.push(await convert(frame));
        step.progress({ value: done.length, total: frames.length });
      }
      return done;
    });
    // A phase without progress of its own counts as 0 until it is over, and then in full.
    const url = await task.step('publish', () => `https://videos.example/${video}`);
    return { url, frames: converted.length };
  },
});

export const { POST, GET, DELETE } = createTaskRoute(publishVideo);

/** Stands for your storage. */
async function download(video: string): Promise<string[]> {
  return Array.from({ length: 24 }, (_, n) => `${video}#${n}`);
}

/** Stands for your encoder. */
async function convert(frame: string): Promise<string> {
  return `${frame}.av1`;
}
