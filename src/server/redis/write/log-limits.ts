import { type GapCause, gapFrame, gapMessage } from '../../log/frame-gap';
import { endedBy, trackFrame } from '../../log/open-parts';
import { bridge } from '../../log/part-ends';
import type { PendingFrames } from './pending-frames';

/** How much of a log is kept, in bytes, and how much may wait, in characters. */
export interface LogLimitsOptions {
  readonly maxLogBytes: number;
  readonly maxFrameBytes: number;
  readonly maxUnflushedBytes: number;
}

/** Decides which frames go into a log, for readers in all processes alike. */
export interface LogLimits {
  /**
   * What goes into the log in place of a frame that it does not take: what tells of that, and the
   * end of what the frame would have ended. `undefined`: it takes the frame, which counts from now on.
   */
  inPlaceOf(frame: string): readonly string[] | undefined;
  /** The frames that settle the task, but for the ends of parts whose starts the log did not take. */
  closing(frames: readonly string[]): readonly string[];
}

/** Room beyond `maxLogBytes` for snapshots and errors; the outcome always finds some. */
const reservedBytes = 1024 * 1024;

const keptTypes = ['data-task', 'data-task-error', 'data-task-settle'];

/** Whether a frame is a part of ours that finds room in a log that is full. */
function isKeptWhenFull(frame: string): boolean {
  return keptTypes.some((type) => frame.startsWith(`{"type":"${type}"`));
}

export function createLogLimits({
  taskId,
  pending,
  firstFrames,
  maxLogBytes,
  maxFrameBytes,
}: Omit<LogLimitsOptions, 'maxUnflushedBytes'> & {
  taskId: string;
  pending: Pick<PendingFrames, 'open' | 'isDropping'>;
  /** What the log begins with. */
  firstFrames: readonly string[];
}): LogLimits {
  // Of what is stored and of what waits, in all epochs.
  let logBytes = firstFrames.reduce((sum, frame) => sum + Buffer.byteLength(frame), 0);
  // A log that is full stays so: of a part whose start it did not take it must not take more.
  let isFull = false;
  let hasToldFull = false;

  const refusalOf = (frame: string, bytes: number): GapCause | undefined => {
    if (bytes > maxFrameBytes) return isFull ? 'log-full' : 'frame-too-large';
    // What is dropped takes no room.
    isFull ||= logBytes + bytes > maxLogBytes && !pending.isDropping();
    if (!isFull) return undefined;
    const isKept = isKeptWhenFull(frame) && logBytes + bytes <= maxLogBytes + reservedBytes;
    return isKept ? undefined : 'log-full';
  };

  return {
    inPlaceOf(frame) {
      const bytes = Buffer.byteLength(frame);
      const refusal = refusalOf(frame, bytes);
      if (!refusal) {
        if (!pending.isDropping()) logBytes += bytes;
        return undefined;
      }
      const open = pending.open();
      const after = endedBy(open, frame) === 'open' ? trackFrame(open, frame, 0) : open;
      const ends = bridge(open, after, gapMessage(refusal));
      const isNews = !(isFull && hasToldFull);
      hasToldFull ||= isFull;
      return isNews ? [gapFrame(taskId, refusal), ...ends] : ends;
    },
    closing: (frames) =>
      isFull ? frames.filter((frame) => endedBy(pending.open(), frame) !== 'unknown') : frames,
  };
}
