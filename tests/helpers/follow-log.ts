import type { TaskStreamContext } from 'ai-task-stream/server';
import { parseCursor } from '../../src/protocol/cursor';
import { createRandom } from '../../src/testing/random';
import { absolute, relative } from './cursors';
import { createDigest, frameText } from './numbered-log';

/** What a reader has received until now; cursors are relative to the first epoch that it saw. */
interface Reading {
  /** Fingerprint of all frames as a response sends them. */
  digest: string;
  count: number;
  /** Cursor of the last frame. */
  cursor: string | undefined;
  /** Cursors of gap frames, each with the cause that it tells. */
  gaps: [cursor: string, cause: string][];
  /** The last chunk, as JSON. */
  last: string | undefined;
  /** Why the reader gave up. */
  problem: string | undefined;
}

export interface FollowOptions {
  owner?: string;
  cursor?: string;
  /** Leaves after so many frames at most, and comes back with its cursor, again and again. */
  leaveAfter?: number;
  seed?: number;
}

/** A reader that takes what comes, until the log ends or `leave` is called. */
export interface LogFollower {
  /** Resolves once the log is being read, or reading it has failed. */
  readonly attached: Promise<void>;
  /** Resolves once the log has ended. */
  readonly ended: Promise<Reading>;
  reading(): Reading;
  leave(): void;
}

const retryMs = 20;

export function followLog(
  context: TaskStreamContext,
  taskId: string,
  {
    owner,
    cursor: firstCursor,
    leaveAfter = Number.POSITIVE_INFINITY,
    seed = 1,
  }: FollowOptions = {},
): LogFollower {
  const random = createRandom(seed);
  const digest = createDigest();
  const gaps: [string, string][] = [];
  let cursor: string | undefined;
  // The first epoch that the reader saw.
  let first: number | undefined;
  let count = 0;
  let last: string | undefined;
  let problem: string | undefined;
  let hasLeft = false;
  let closeReader = () => {};
  let onAttached = () => {};
  const attached = new Promise<void>((resolve) => {
    onAttached = resolve;
  });

  const shown = (at: string) => relative([at], first)[0] ?? at;

  const note = (at: string, chunk: string) => {
    first ??= Number(at.slice(0, at.indexOf('-')));
    digest.add(frameText(shown(at), chunk));
    count += 1;
    cursor = at;
    last = chunk;
    if (chunk.includes('"code":"gap"'))
      gaps.push([shown(at), JSON.parse(chunk).data.details.cause]);
  };

  /** Whether the log has ended. */
  const readOnce = async (): Promise<boolean> => {
    if (firstCursor && cursor === undefined) {
      cursor = await absolute(context, taskId, firstCursor);
      first = Number(cursor.slice(0, cursor.indexOf('-')));
    }
    const reader = await context.read(taskId, { owner, cursor: parseCursor(cursor ?? '') });
    if (!reader) throw new Error(`${taskId} is unknown.`);
    closeReader = () => reader.close();
    onAttached();
    if (hasLeft) reader.close();
    let left = Number.isFinite(leaveAfter) ? 1 + Math.floor(random() * leaveAfter) : leaveAfter;
    try {
      for await (const { epoch, data, offset, start, end } of reader) {
        for (let n = start; n < end; n++) {
          note(`${epoch}-${n}`, data[n - offset] ?? '');
          left -= 1;
          // Frames of this range that it has not looked at are lost to the reader.
          if (left === 0) return false;
        }
      }
      return true;
    } finally {
      reader.close();
    }
  };

  const run = async () => {
    for (let hasEnded = false; !hasEnded && !hasLeft; ) {
      try {
        hasEnded = await readOnce();
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'context-unavailable')) {
          problem = String(error);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
    onAttached();
    return reading();
  };

  const reading = (): Reading => ({
    digest: digest.value(),
    count,
    cursor: cursor && shown(cursor),
    gaps,
    last,
    problem,
  });

  return {
    attached,
    ended: run(),
    reading,
    leave() {
      hasLeft = true;
      closeReader();
    },
  };
}
