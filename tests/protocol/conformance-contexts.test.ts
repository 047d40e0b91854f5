// What PROTOCOL.md asks of what a server sends and keeps, requirement by requirement.
import type { UIMessageChunk } from 'ai';
import {
  cancelTask,
  createMemoryStreamContext,
  type OpenTaskOptions,
  resumeTask,
  streamTask,
} from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import {
  aborted,
  chunksOf,
  createGate,
  eventsOf,
  expectRefusal,
  type Received,
  serve,
  taskId,
  typesOf,
} from '../helpers/conformance';
import { cursorAt, relativeEnd, relativeIds } from '../helpers/cursors';
import { readWrites } from '../helpers/sse';
import { createId, createOwnContext } from '../helpers/tasks';

describe('replays', () => {
  const deltas: UIMessageChunk[] = [
    { type: 'text-start', id: 'a' },
    { type: 'text-delta', id: 'a', delta: 'one ' },
    { type: 'text-delta', id: 'a', delta: 'two ', providerMetadata: { p: { seen: 2 } } },
    { type: 'text-delta', id: 'a', delta: 'three' },
    { type: 'text-delta', id: 'b', delta: 'other' },
    { type: 'text-delta', id: 'a', delta: 'x', later: true } as UIMessageChunk,
    { type: 'text-delta', id: 'a', delta: 'y', later: true } as UIMessageChunk,
    { type: 'reasoning-delta', id: 'r', delta: 'so' },
    { type: 'reasoning-delta', id: 'r', delta: ' then' },
    { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: '{"a"' },
    { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: ':1}' },
  ];
  const fused = [
    { type: 'text-start', id: 'a' },
    { type: 'text-delta', id: 'a', delta: 'one two three', providerMetadata: { p: { seen: 2 } } },
    { type: 'text-delta', id: 'b', delta: 'other' },
    { type: 'text-delta', id: 'a', delta: 'x', later: true },
    { type: 'text-delta', id: 'a', delta: 'y', later: true },
    { type: 'reasoning-delta', id: 'r', delta: 'so then' },
    { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: '{"a":1}' },
  ];

  it('fuse deltas (R-REPLAY-3) but not strange ones (R-REPLAY-4); live frames go one by one (R-REPLAY-1)', async () => {
    const gate = createGate();
    const { post, get } = await serve(async ({ writer }) => {
      await gate.opened;
      for (const chunk of deltas) writer.write(chunk);
    });
    const body = readWrites(await post());
    await body.until('"running"');
    gate.open();
    const isOurs = ({ type }: { type: string }) => /text-|reasoning-delta|input-delta/.test(type);
    const live = chunksOf(await body.rest()).filter(isOurs);
    expect(live.slice(0, deltas.length)).toEqual(deltas);
    const replay = await (await get()).text();
    expect(chunksOf(replay).filter(isOurs).slice(0, fused.length)).toEqual(fused);
    expect(
      eventsOf(relativeIds(replay)).find(({ chunk }) => chunk.delta === 'one two three')?.id,
    ).toBe('0-5');
  });

  it('keep the first and the newest snapshot (R-REPLAY-2), and every other frame (R-REPLAY-5)', async () => {
    const { post, get } = await serve(
      async ({ task }) => {
        for (let value = 1; value <= 5; value++) {
          task.progress({ value, total: 5 });
          task.log(`line ${value}`);
          task.partial(value);
          await new Promise((resolve) => setTimeout(resolve, 110));
        }
        throw new Error('x');
      },
      { heartbeatMs: 60_000 },
    );
    await (await post()).text();
    const replay = await (await get()).text();
    const types = typesOf(replay);
    const count = (type: string) => types.filter((each) => each === type).length;
    expect(chunksOf(replay).filter(({ type }) => type === 'data-task')).toMatchObject([
      { data: { status: 'running' } },
      { data: { status: 'failed', progress: { value: 5 } } },
    ]);
    expect([count('data-task-log'), count('data-task-partial')]).toEqual([5, 5]);
    expect([count('data-task-error'), count('data-task-settle'), count('error')]).toEqual([
      1, 1, 1,
    ]);
  });

  it('can be cut between any two frames (R-REPLAY-6)', async () => {
    const { post, get } = await serve(({ writer }) => {
      for (const chunk of deltas) writer.write(chunk);
    });
    await (await post()).text();
    const whole = eventsOf(await (await get()).text());
    for (const [index, { id }] of whole.entries()) {
      if (index === whole.length - 1) break;
      expect(id).toBeDefined();
      const rest = await (await get(undefined, { 'last-event-id': id ?? '' })).text();
      const text = (chunks: Received['chunk'][]) =>
        chunks.map(({ delta, inputTextDelta }) => delta ?? inputTextDelta ?? '').join('');
      const joined = [...whole.slice(0, index + 1).map(({ chunk }) => chunk), ...chunksOf(rest)];
      expect(text(joined)).toBe(text(deltas));
    }
  });
});

describe('a stream context', () => {
  const open = (token: string, more: Partial<OpenTaskOptions> = {}): OpenTaskOptions => ({
    leaseMs: 10_000,
    token,
    frames: ['{"type":"start"}'],
    ...more,
  });

  it('opens a task once, and gives one token one answer (R-CONTEXT-1)', async () => {
    const context = createOwnContext();
    const logs = await Promise.all(
      ['a', 'b', 'c'].map((token) => context.open(taskId, open(token))),
    );
    expect(logs.filter(Boolean)).toHaveLength(1);
    const winner = ['a', 'b', 'c'][logs.findIndex(Boolean)] ?? '';
    expect(await context.open(taskId, open(winner))).toBeDefined();
    expect(await context.inspect(taskId)).toMatchObject({ status: 'running' });
    expect(await relativeEnd(context, taskId)).toBe('0-0');
    await logs.find(Boolean)?.settle([], 'completed');
  });

  it('reads from any cursor, before, during and after the work (R-CONTEXT-2)', async () => {
    const context = createOwnContext();
    expect(await context.read(taskId)).toBeUndefined();
    const log = await context.open(taskId, open('a'));
    log?.append('1');
    const at = (cursor: string) => cursorAt(context, taskId, cursor);
    const readers = [
      await context.read(taskId),
      await context.read(taskId, { cursor: await at('0-0') }),
    ];
    log?.append('2');
    await log?.settle(['3'], 'completed');
    readers.push(await context.read(taskId, { cursor: await at('0-2') }));
    const read = readers.map((reader) => {
      const range = reader?.take();
      const frames = range?.data.slice(range.start - range.offset, range.end - range.offset);
      expect([reader?.take(), reader?.isEnded]).toEqual([undefined, true]);
      return frames;
    });
    expect(read).toEqual([['{"type":"start"}', '1', '2', '3'], ['1', '2', '3'], ['3']]);
  });

  it('settles once (R-CONTEXT-3)', async () => {
    const context = createOwnContext();
    const log = await context.open(taskId, open('a'));
    expect(await log?.settle(['1'], 'completed')).toBe(true);
    expect(await log?.settle(['2'], 'failed')).toBe(false);
    log?.append('3');
    expect(await context.inspect(taskId)).toMatchObject({ status: 'completed' });
    expect(await relativeEnd(context, taskId)).toBe('0-1');
  });

  it('forgets a settled task after its time (R-CONTEXT-4)', async () => {
    const context = createMemoryStreamContext({
      scope: createId(),
      retentionMs: 30,
    });
    const log = await context.open(taskId, open('a'));
    const settledAt = Date.now();
    await log?.settle([], 'completed');
    while (await context.read(taskId)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(Date.now() - settledAt).toBeGreaterThanOrEqual(30);
    const response = await resumeTask({ taskId, streamContext: context }).toResponse();
    await expectRefusal(response, 404, 'not-found');
  });

  it('keeps a cancel, also for a task that is not open yet (R-CONTEXT-5)', async () => {
    const streamContext = createOwnContext();
    expect(await cancelTask({ taskId, streamContext, owner: 'ada', reason: 'early' })).toBe(true);
    const log = await streamContext.open(taskId, open('a', { owner: 'ada' }));
    expect(log?.signal.reason).toMatchObject({ name: 'AbortError', message: 'early' });
    expect(await cancelTask({ taskId, streamContext, owner: 'eve' })).toBe(false);
    await log?.settle([], 'cancelled');
    expect(await cancelTask({ taskId, streamContext, owner: 'ada' })).toBe(false);
  });

  it('has one active task per owner and chat, until it is saved (R-CONTEXT-6)', async () => {
    const streamContext = createOwnContext();
    const gate = createGate();
    const start = (owner: string, onSettle?: () => Promise<void>) =>
      streamTask({
        streamContext,
        owner,
        chatId: 'chat',
        onError: () => {},
        onSettle,
        execute: ({ signal }) => Promise.race([aborted(signal), gate.opened]),
      });
    const first = start('ada');
    await first.toResponse().then((response) => response.body?.cancel());
    const others = start('eve');
    await others.toResponse().then((response) => response.body?.cancel());
    let activeWhileSaving: string | undefined;
    const second = start('ada', async () => {
      activeWhileSaving = await streamContext.activeTask('chat', { owner: 'ada' });
    });
    expect(await first.consume()).toMatchObject({ error: { message: 'superseded' } });
    expect(await streamContext.activeTask('chat', { owner: 'eve' })).toBe(others.taskId);
    gate.open();
    expect(await second.consume()).toMatchObject({ status: 'completed' });
    expect(await others.consume()).toMatchObject({ status: 'completed' });
    while (await streamContext.activeTask('chat', { owner: 'ada' })) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(activeWhileSaving).toBe(second.taskId);
  });
});
