import { type GapCause, gapFrame, gapMessage } from '../../log/frame-gap';
import { endedBy, trackFrame } from '../../log/open-parts';
import { bridge } from '../../log/part-ends';
import type { PendingFrames } from './pending-frames';

/** How large a log and a frame may be, in bytes, and how much may wait to be stored, in characters. */
export interface LogLimitsOptions {
  readonly maxLogBytes: number;
  readonly maxFrameBytes: number;
  readonly maxUnflushedBytes: number;
}

/** Decides which frames go into a log; readers in all processes then get the same frames. */
export interface LogLimits {
  /** The bytes of all frames that are stored or wait, in all epochs, but for what is void. */
  bytes(): number;
  /**
   * The frames that go into the log in place of one that it does not take: a gap frame, and the end of
   * a part that the frame would have ended. `undefined` when the log takes the frame, which is counted.
   */
  inPlaceOf(frame: string): readonly string[] | undefined;
  /** The closing frames, without the ends of parts whose starts the log did not take. */
  closing(frames: readonly string[]): readonly string[];
}

/** How many bytes beyond `maxLogBytes` are for snapshots and errors. The outcome always fits. */
const reservedBytes = 1024 * 1024;

const keptTypes = ['data-task', 'data-task-error', 'data-task-settle'];

/** Whether a frame is a task part that a full log still takes. */
function isKeptWhenFull(frame: string): boolean {
  return keptTypes.some((type) => frame.startsWith(`{"type":"${type}"`));
}

export function createLogLimits({
  taskId,
  pending,
  firstFrames,
  bytesBefore = 0,
  maxLogBytes,
  maxFrameBytes,
}: Omit<LogLimitsOptions, 'maxUnflushedBytes'> & {
  taskId: string;
  pending: Pick<PendingFrames, 'open' | 'isDropping'>;
  /** The frames that the log begins with. */
  firstFrames: readonly string[];
  /** The bytes of the frames of earlier attempts. Default 0. */
  bytesBefore?: number | undefined;
}): LogLimits {
  let logBytes = firstFrames.reduce((sum, frame) => sum + Buffer.byteLength(frame), bytesBefore);
  // A full log stays full, because it must not take the rest of a part whose start it did not take.
  let isFull = false;
  let hasToldFull = false;

  const refusalOf = (frame: string, bytes: number): GapCause | undefined => {
    if (bytes > maxFrameBytes) return isFull ? 'log-full' : 'frame-too-large';
    // Frames that are dropped anyway take no room in the log.
    isFull ||= logBytes + bytes > maxLogBytes && !pending.isDropping();
    if (!isFull) return undefined;
    const isKept = isKeptWhenFull(frame) && logBytes + bytes <= maxLogBytes + reservedBytes;
    return isKept ? undefined : 'log-full';
  };

  return {
    bytes: () => logBytes,

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
