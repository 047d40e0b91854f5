import type { GapCause } from '../../log/frame-gap';
import type { PendingFrames } from './pending-frames';

/** How much of a log is kept, in bytes, and how much may wait, in characters. */
export interface LogLimitsOptions {
  readonly maxLogBytes: number;
  readonly maxFrameBytes: number;
  readonly maxUnflushedBytes: number;
}

/** Decides which frames of a producer are kept. */
export interface LogLimits {
  /** Counts a frame as kept, or says why it cannot be. */
  refuse(frame: string, isAway: boolean): GapCause | undefined;
  /** Counts anew, for a log that begins with some frames and goes on with what waits. */
  restart(frames: readonly string[]): void;
}

/** Room beyond `maxLogBytes` for snapshots and errors; the outcome always finds some. */
const reservedBytes = 1024 * 1024;

const keptTypes = ['data-task', 'data-task-error', 'data-task-settle'];

/** Whether a frame is a part of ours that finds room in a log that is full. */
function isKeptWhenFull(frame: string): boolean {
  return keptTypes.some((type) => frame.startsWith(`{"type":"${type}"`));
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

export function createLogLimits({
  pending,
  firstFrames,
  maxLogBytes,
  maxFrameBytes,
  maxUnflushedBytes,
}: LogLimitsOptions & {
  pending: Pick<PendingFrames, 'length' | 'dropping'>;
  /** What the log begins with. */
  firstFrames: readonly string[];
}): LogLimits {
  const sizeOf = (frames: readonly string[]) =>
    frames.reduce((sum, frame) => sum + byteLength(frame), 0);
  // Of what is stored and of what waits.
  let logBytes = sizeOf(firstFrames);
  let isFull = false;

  const refusalOf = (frame: string, bytes: number, isAway: boolean): GapCause | undefined => {
    if (bytes > maxFrameBytes) return 'frame-too-large';
    isFull ||= logBytes + bytes > maxLogBytes;
    if (isFull) {
      const isKept = isKeptWhenFull(frame) && logBytes + bytes <= maxLogBytes + reservedBytes;
      return isKept ? undefined : 'log-full';
    }
    if (!isAway) return undefined;
    // One outage is one gap, even where something small still found room.
    const isTooMuch = pending.length + frame.length > maxUnflushedBytes;
    return isTooMuch || pending.dropping === 'storage-away' ? 'storage-away' : undefined;
  };

  return {
    refuse(frame, isAway) {
      const bytes = byteLength(frame);
      const refusal = refusalOf(frame, bytes, isAway);
      if (!refusal) logBytes += bytes;
      return refusal;
    },
    restart(frames) {
      isFull = false;
      logBytes = pending.length + sizeOf(frames);
    },
  };
}
