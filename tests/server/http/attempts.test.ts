// What a response tells of a task that is attempted again. PROTOCOL.md, "Attempts".

import { resumeTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { checkpoint, closingOf, openWork, take } from '../../helpers/attempted-task';
import { readWrites } from '../../helpers/sse';
import { createId, createOwnContext } from '../../helpers/tasks';

/** Hands a task over behind a checkpoint, while a response is read; then it is taken, and ends. */
async function follow(events?: 'named') {
  const streamContext = createOwnContext();
  const taskId = createId();
  const first = await openWork(streamContext, taskId);
  await checkpoint(first, taskId, 0);
  const resumed = resumeTask({ taskId, streamContext, heartbeatMs: 10 });
  const body = readWrites(await resumed.toResponse({ events }));
  const running = await body.until(/data-task-heartbeat[^\n]*\n\n/);
  await first.handOver?.();
  const waiting = await body.until(/"waiting":true[^\n]*\n\n/);
  const { log } = await take(streamContext, taskId);
  const again = await body.until(/data-task-rewind[\s\S]*data-task-heartbeat[^\n]*\n\n/);
  await log.settle(closingOf(taskId), 'completed');
  return { texts: [running, waiting, again], rest: await body.rest() };
}

describe('a response whose task waits for a process', () => {
  it('has heartbeats that say so, until the next attempt begins (R-BEAT-3)', async () => {
    const { texts, rest } = await follow();
    const lastBeats = texts.map((text) => text.slice(text.lastIndexOf('data-task-heartbeat')));
    expect(lastBeats.map((beat) => beat.includes('"waiting":true'))).toEqual([false, true, false]);
    expect(texts[2]).not.toContain('[DONE]');
    expect(rest).toMatch(/data-task-settle[\s\S]*\[DONE\]\n\n$/);
  });

  it('tells listeners of named events what to forget (R-FRAME-5)', async () => {
    const { texts } = await follow('named');
    const [running = '', waiting = '', again = ''] = texts;
    expect(running).toContain('\nevent: task-checkpoint\ndata: {"type":"data-task-checkpoint"');
    expect(waiting).toContain('event: task-heartbeat\ndata: {"type":"data-task-heartbeat"');
    expect(again).toContain('\nevent: task-rewind\ndata: {"type":"data-task-rewind"');
  });
});
