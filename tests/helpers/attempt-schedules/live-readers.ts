// Readers of a task that a schedule plays with: what they get, and how they end.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FrameRange, TaskReader, TaskStreamContext } from 'ai-task-stream/server';
import { expectFrame, expectSame } from './expect-frame';
import { absolute, type Game, isOver, runnerOf } from './game';
import type { ModelFrame, Place } from './model-log';

/** A reader that is under way. */
export interface LiveReader {
  readonly reader: TaskReader;
  /** The last frame that it took, or else its cursor. */
  last: Place | undefined;
  hasTaken: boolean;
  /** Whether it takes each frame as it comes, and waits for the next one. */
  readonly isEager: boolean;
  pending: ReturnType<TaskReader['next']> | undefined;
  isOver: boolean;
}

/** A reader from a place on, or from the start. */
export async function openLive(
  game: Game,
  context: TaskStreamContext,
  { at, isEager }: { at: Place | undefined; isEager: boolean },
): Promise<LiveReader> {
  const { owner, definition } = game.options;
  const cursor = at && absolute(game, at);
  // Nobody has the cursor of a frame that is not there yet: what is due by now has to come about first.
  if (cursor && game.playground.passShort) await context.inspect(game.model.taskId);
  const from = { owner, definition, ...(cursor && { cursor }) };
  const reader = await context.read(game.model.taskId, from);
  if (!reader) throw new Error('The task is unknown.');
  return { reader, last: at, hasTaken: false, isEager, pending: undefined, isOver: false };
}

function next(one: LiveReader): ReturnType<TaskReader['next']> {
  const step = one.pending ?? one.reader.next();
  one.pending = undefined;
  return step;
}

function framesIn({ firstEpoch }: Game, { epoch, data, offset, start, end }: FrameRange) {
  return data.slice(start - offset, end - offset).map((frame, index) => {
    return { epoch: epoch - firstEpoch, n: start + index, data: frame };
  });
}

/** Takes the next range; whether there was one. */
async function takeRange(game: Game, one: LiveReader, expected: ModelFrame[]): Promise<boolean> {
  const { value } = await next(one);
  if (!value) return false;
  for (const { data, ...at } of framesIn(game, value)) {
    one.last = at;
    one.hasTaken = true;
    const [frame] = expected;
    const isExpected = frame?.epoch === at.epoch && frame.n === at.n;
    if (!isExpected && game.late.has(data)) continue;
    expected.shift();
    if (!frame) throw new Error(`A reader has got more than there is: ${data}`);
    expectFrame(frame, at, data, game.seen);
  }
  return true;
}

/** Takes all that there is for a reader, and looks whether it ends where it has to, and how. */
export async function drain(game: Game, one: LiveReader): Promise<void> {
  if (one.isOver) return;
  const { model } = game;
  const { reader } = one;
  const expected = [...model.log.after(one.last)];
  for (;;) {
    const isCut = one.hasTaken && one.last !== undefined && model.log.isVoid(one.last);
    const hasAll = expected.length === 0;
    if (hasAll && !isCut && !isOver(game)) break;
    if (await takeRange(game, one, expected)) continue;
    if (!isCut && !hasAll)
      throw new Error(`A reader has ended before ${JSON.stringify(expected[0])}.`);
    expectSame(reader.isEnded, true);
    expectSame(reader.isCut ?? false, isCut);
    one.isOver = true;
    reader.close();
    return;
  }
  expectSame(reader.isEnded, false);
  const isWaiting = model.state === 'waiting';
  while ((reader.isWaiting ?? false) !== isWaiting) await sleep(1);
  expectSame(reader.isAlive, true);
  if (one.isEager) one.pending ??= reader.next();
}

/** The cursors of all frames, of some that were never stored, and none. */
export function placesIn({ model: { log } }: Game): (Place | undefined)[] {
  const ends = new Map(log.frames.map(({ epoch, n }) => [epoch, n]));
  return [
    undefined,
    ...log.frames.map(({ epoch, n }) => ({ epoch, n })),
    ...[...ends].flatMap(([epoch, n]) => [1, 5].map((more) => ({ epoch, n: n + more }))),
  ];
}

/** Reads the log from each place on, in one instance after the other. */
export async function expectReplays(game: Game): Promise<void> {
  await runnerOf(game)?.flushed();
  const { contexts } = game.playground;
  for (const [index, at] of placesIn(game).entries()) {
    const one = await openLive(game, contexts[index % 2 === 0 ? 0 : 1], { at, isEager: false });
    await drain(game, one);
    one.reader.close();
  }
}
