// The work of `attempts.ts`, done by a server of this package, which loses its process again and again.
import type { TaskData } from 'ai-task-stream';
import { resumeTask, type TaskStreamContext, toNodeHandler } from 'ai-task-stream/server';
import { until } from './async';
import { openWork, take } from './attempted-task';
import { type Chunk, ending, startAfter, startsIn, voided, work } from './attempts';
import { type HttpServer, startHttpServer } from './http-server';
import { snapshot, taskId } from './recording';
import { createOwnContext } from './tasks';

/** A server whose one task is attempted again and again. */
export interface ServedAttempts {
  readonly server: HttpServer;
  /**
   * Makes the attempts.
   *
   * @param isSeen Whether the client shows what it can of an attempt that is lost now.
   */
  run(isSeen: () => boolean | Promise<boolean>): Promise<void>;
}

function toStart(done: readonly Chunk[]) {
  const { last, ...counts } = startAfter(done);
  return { ...counts, snapshot: (last as Chunk & { data: TaskData }).data, nested: [] };
}

/** @param lostAt See `attemptsLog`. */
export async function serveAttempts(
  lostAt: readonly number[],
  { streamContext = createOwnContext() }: { streamContext?: TaskStreamContext } = {},
): Promise<ServedAttempts> {
  let log = await openWork(streamContext, taskId, {
    frames: [{ type: 'start', messageId: 'm' }, snapshot()].map((chunk) => JSON.stringify(chunk)),
    start: toStart([]),
    work: { attempts: lostAt.length + 1 },
  });
  // Pages of the tests' other servers may listen, too.
  const headers = { 'access-control-allow-origin': '*' };
  const follow = (request: Request) =>
    resumeTask({ taskId, request, streamContext, heartbeatMs: 60_000 }).toResponse({ headers });
  const server = await startHttpServer(
    toNodeHandler({ GET: follow, POST: follow, DELETE: follow }),
  );

  /** Does some of the work; what is void in the end is marked so. */
  async function write(begin: number, end: number, stays: number): Promise<number> {
    for (let n = begin; n < end; n++) {
      const chunk = work[n];
      if (!chunk) break;
      const data = JSON.stringify(n < stays ? chunk : voided(chunk));
      if (chunk.type === 'data-task-checkpoint') {
        await log.checkpoint?.(data, toStart(work.slice(0, n + 1)));
      } else log.append(data);
    }
    return stays;
  }

  return {
    server,
    async run(isSeen) {
      let begin = 0;
      for (const end of lostAt) {
        const stays =
          startsIn(work)
            .filter((start) => start <= end)
            .at(-1) ?? 0;
        begin = await write(begin, end, stays);
        await until(isSeen);
        await log.handOver?.();
        ({ log } = await take(streamContext, taskId));
      }
      await write(begin, work.length, work.length);
      await log.settle(
        ending.map((chunk) => JSON.stringify(chunk)),
        'completed',
      );
    },
  };
}
