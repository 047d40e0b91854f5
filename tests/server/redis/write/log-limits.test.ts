import { describe, expect, it } from 'vitest';
import { gapFrame, gapMessage } from '../../../../src/server/log/frame-gap';
import { createPendingFrames } from '../../../../src/server/redis/write/create-pending-frames';
import { createLogLimits } from '../../../../src/server/redis/write/log-limits';

const taskId = 'task-0123456789abcdef';
const json = JSON.stringify;
const textStart = json({ type: 'text-start', id: 't' });
const textDelta = json({ type: 'text-delta', id: 't', delta: 'a' });
const textEnd = json({ type: 'text-end', id: 't' });
const toolInput = json({ type: 'tool-input-available', toolCallId: 'c', toolName: 'x', input: 1 });
const toolOutput = json({ type: 'tool-output-available', toolCallId: 'c', output: 1 });
const preliminary = json({ ...JSON.parse(toolOutput), preliminary: true });
const snapshot = json({ type: 'data-task', id: taskId, data: { taskId } });
const full = gapFrame(taskId, 'log-full');

/** A log that takes the first frames and so many bytes more. */
function limitedLog(firstFrames: string[], room: number, maxFrameBytes = 1_000) {
  const pending = createPendingFrames({ frames: firstFrames, next: firstFrames.length });
  const size = firstFrames.reduce((sum, frame) => sum + frame.length, 0);
  const limits = createLogLimits({
    ...{ taskId, pending, firstFrames, maxFrameBytes },
    maxLogBytes: size + room,
  });
  /** What goes into the log for a frame. */
  const append = (frame: string, isAway = false): readonly string[] => {
    const frames = limits.inPlaceOf(frame) ?? [frame];
    for (const each of frames) pending.push(each, isAway ? 0 : Number.POSITIVE_INFINITY);
    return frames;
  };
  return { append, closing: limits.closing, pending };
}

describe('a log that is full', () => {
  it('says so once, in place of the first frame that it does not take', () => {
    const { append } = limitedLog([textStart], textDelta.length);
    expect(append(textDelta)).toEqual([textDelta]);
    expect(append(textDelta)).toEqual([full]);
    expect(append(textDelta)).toEqual([]);
  });

  it('takes snapshots and ends, and an error in place of the output of a tool call', () => {
    const { append } = limitedLog([textStart, toolInput], 0);
    expect(append(snapshot)).toEqual([snapshot]);
    expect(append(preliminary)).toEqual([full]);
    expect(append(textEnd)).toEqual([textEnd]);
    const errorText = gapMessage('log-full');
    expect(append(toolOutput)).toEqual([
      json({ type: 'tool-output-error', toolCallId: 'c', errorText }),
    ]);
  });

  it('takes no end of a part whose start it did not take, also when the task is settled', () => {
    const { append, closing } = limitedLog([toolInput], 0);
    expect(append(textStart)).toEqual([full]);
    expect(append(textEnd)).toEqual([]);
    expect(closing([textEnd, toolOutput, snapshot])).toEqual([toolOutput, snapshot]);
  });

  it('does not become full of what the storage is not there to take', () => {
    const { append, pending } = limitedLog([textStart], 2 * textDelta.length);
    append(textDelta);
    expect(append(textDelta, true)).toEqual([textDelta]);
    expect(pending.isDropping()).toBe(true);
    for (let count = 0; count < 5; count++) expect(append(textDelta, true)).toEqual([textDelta]);
  });
});

describe('a frame that is too large', () => {
  const tooLarge = gapFrame(taskId, 'frame-too-large');

  it('is told of, and of each', () => {
    const { append } = limitedLog([textStart], 10_000, 200);
    const large = json({ type: 'text-delta', id: 't', delta: 'x'.repeat(200) });
    expect(append(large)).toEqual([tooLarge]);
    expect(append(large)).toEqual([tooLarge]);
    expect(append(textDelta)).toEqual([textDelta]);
  });

  it('ends what it would have ended', () => {
    const { append } = limitedLog([toolInput], 10_000, 200);
    const large = json({ ...JSON.parse(toolOutput), output: 'x'.repeat(200) });
    const errorText = gapMessage('frame-too-large');
    expect(append(large)).toEqual([
      tooLarge,
      json({ type: 'tool-output-error', toolCallId: 'c', errorText }),
    ]);
  });

  it('does not fill the log', () => {
    const { append } = limitedLog([textStart], 150, 100);
    append(json({ type: 'text-delta', id: 't', delta: 'x'.repeat(200) }));
    expect(append(textDelta)).toEqual([textDelta]);
  });
});
