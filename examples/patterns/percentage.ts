import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

/** Work on a known number of things: `task.progress` with a total gives the page a percentage. */
export const makeThumbnails = defineTask({
  name: 'make-thumbnails',
  input: z.object({ photos: z.array(z.string()).min(1) }),
  execute: async ({ input: { photos }, task, signal }) => {
    const thumbnails: string[] = [];
    for (const photo of photos) {
      signal.throwIfAborted();
      thumbnails.push(await shrink(photo));
      // Call it as often as you like: at most one update in 100 ms is sent, and always the newest.
      task.progress({ value: thumbnails.length, total: photos.length, message: photo });
    }
    return { thumbnails };
  },
});

export const { POST, GET, DELETE } = createTaskRoute(makeThumbnails);

/** Stands for your image library. */
async function shrink(photo: string): Promise<string> {
  return photo.replace(/(\.\w+)?$/, '-small$1');
}
