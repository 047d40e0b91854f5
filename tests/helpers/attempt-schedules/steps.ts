// What each step of a schedule does, to the task and to the model.
import { randomUUID } from 'node:crypto';
import type { TakenTask, TaskLog } from 'ai-task-stream/server';
import { expect } from 'vitest';
import { aborted } from '../async';
import { chunkFor } from './chunks';
import { absolute, type Game, runnerOf } from './game';
import { drain, openLive, placesIn } from './live-readers';
import type { ModelTaken } from './model';
import type { SingleStep, Step } from './schedule';
import type { Chunk } from './told';

type StepOf<Name extends Step['do']> = Extract<Step, { do: Name }>;

const toFrames = (chunks: readonly Chunk[]) => chunks.map((chunk) => JSON.stringify(chunk));

/** The log of the runner (0), or one of those that can do nothing any more. */
function logOf(game: Game, by: number): [attempt: number, log: TaskLog] | undefined {
  const { model, logs } = game;
  const log = runnerOf(game);
  if (by === 0) return log && model.canAct(model.attempt) ? [model.attempt, log] : undefined;
  const others = [...logs].filter(([attempt]) => !model.canAct(attempt));
  return others[(by - 1) % Math.max(1, others.length)];
}

async function append(game: Game, { by, kind }: StepOf<'append'>): Promise<void> {
  const [attempt, log] = logOf(game, by) ?? [];
  if (attempt === undefined || !log) return;
  const { model, late } = game;
  const isLate = !model.canAct(attempt);
  const chunk = isLate ? { type: 'data-late', data: { n: late.size } } : chunkFor(model, kind);
  if (isLate) late.add(JSON.stringify(chunk));
  log.append(JSON.stringify(chunk));
  model.append(attempt, chunk);
  // That the task is somebody else's is learnt when the chunk is to be stored.
  if (isLate) await log.flushed();
}

async function checkpoint({ model, ...game }: Game, { by }: StepOf<'checkpoint'>): Promise<void> {
  const [attempt, log] = logOf({ model, ...game }, by) ?? [];
  if (attempt === undefined || !log) return;
  const { chunk, start } = model.nextCheckpoint(`{"v":${model.log.frames.length}}`);
  const given = JSON.parse(JSON.stringify(start));
  if (!model.canAct(attempt)) game.late.add(JSON.stringify(chunk));
  const isStored = await log.checkpoint?.(JSON.stringify(chunk), given);
  expect(isStored).toBe(model.checkpoint(attempt, chunk, given));
}

async function handOver(
  game: Game,
  { by, delay, isFree }: Omit<StepOf<'hand over'>, 'do'>,
): Promise<void> {
  const { model, handedOver, playground } = game;
  const [attempt, log] = logOf(game, by) ?? [];
  if (attempt === undefined || !log) return;
  const asked = { delayMs: playground.times.delays[delay] ?? 0, isFree };
  const answer = await log.handOver?.(asked);
  const expected = model.handOver(attempt, asked, playground.now());
  // Who has handed the task over may be told so once more.
  if (expected === 'closed' && answer === 'waiting' && handedOver.has(attempt)) return;
  expect(answer).toBe(expected);
  if (answer === 'waiting') handedOver.add(attempt);
}

async function settle(
  game: Game,
  { by, status, evenIfCancelled }: Omit<StepOf<'settle'>, 'do'>,
): Promise<void> {
  const [attempt, log] = logOf(game, by) ?? [];
  if (attempt === undefined || !log) return;
  const ends: Chunk[] = [{ type: 'data-own', data: { status } }, { type: 'finish' }];
  const how = { status, evenIfCancelled };
  if (!game.model.canAct(attempt)) for (const frame of toFrames(ends)) game.late.add(frame);
  const answer = await log.settle(toFrames(ends), status, { evenIfCancelled });
  expect(answer).toBe(game.model.settle(attempt, ends, how));
}

function expectTaken(game: Game, taken: TakenTask | undefined, expected: ModelTaken): void {
  const { work, options, schedule, createdAt, playground } = game;
  const { log, deadlineLeftMs, ...told } = taken ?? {};
  expect(log?.attempt).toBe(expected.attempt);
  expect(told).toEqual({
    ...{ work, start: expected.start, last: absolute(game, expected.last), createdAt },
    ...{ owner: options.owner, name: 'Report', chatId: game.model.taskId },
    savesOutcome: schedule.savesOutcome,
    ...(schedule.savesOutcome && { continued: options.continued }),
  });
  if (playground.pass) expect(deadlineLeftMs).toBe(expected.deadlineLeftMs);
  else expect(typeof deadlineLeftMs).toBe(typeof expected.deadlineLeftMs);
}

async function take(game: Game, { contenders, version, of }: StepOf<'take'>): Promise<void> {
  const { model, logs, playground, options } = game;
  const ask = {
    runner: of === 'runner' ? 'queue:any' : 'any',
    definition: of === 'definition' ? 'other' : options.definition,
    version,
  };
  const takeWith = (token: string, index: number) =>
    playground.contexts[index % 2 === 0 ? 0 : 1].take?.(model.taskId, {
      ...{ ...ask, token, leaseMs: 60_000 },
    });
  const tokens = Array.from({ length: contenders }, () => randomUUID());
  const answers = await Promise.all(tokens.map(takeWith));
  const winners = answers.flatMap((taken, index) => (taken ? { taken, index } : []));
  const [winner] = winners;
  const token = tokens[winner?.index ?? 0] ?? '';
  const expected = model.take({ ...ask, token }, playground.now());
  expect(winners).toHaveLength(expected ? 1 : 0);
  if (!expected || !winner) return;
  // Asked again, because the answer may have been lost.
  const again = await takeWith(token, winner.index);
  for (const taken of [winner.taken, again]) expectTaken(game, taken, expected);
  logs.set(expected.attempt, again?.log ?? winner.taken.log);
}

/** Lets a task that waits be put off no longer, or run out of time. */
async function passTime(game: Game, { until, offset }: Omit<StepOf<'pass'>, 'do'>): Promise<void> {
  const { model, work, playground } = game;
  const now = playground.now();
  const wanted = {
    while: now + 30,
    notBefore: model.notBefore + offset,
    deadline: model.deadlineAt + offset,
    patience: model.notBefore + work.maxWaitMs + offset,
  }[until];
  const isMeant = until === 'while' || model.state === 'waiting';
  if (isMeant && Number.isFinite(wanted) && wanted > now) await playground.pass?.(wanted - now);
}

/** Ends the attempt that runs, or begins the next one. */
async function goOn(game: Game, { delay, isFree }: Omit<StepOf<'go on'>, 'do'>): Promise<void> {
  const { model, playground } = game;
  if (model.state === 'running') return handOver(game, { by: 0, delay, isFree });
  if (model.state !== 'waiting') return;
  await passTime(game, { until: 'notBefore', offset: 0 });
  model.look(playground.now());
  await take(game, { do: 'take', contenders: 2, version: 2, of: 'it' });
}

async function openAgain(
  { model, logs, options, playground: { contexts } }: Game,
  { isSame }: StepOf<'open again'>,
): Promise<void> {
  const token = isSame ? options.token : randomUUID();
  const again = await contexts[0].open(model.taskId, { ...options, token });
  if (!isSame) expect(again).toBeUndefined();
  // The log is that of the first attempt once more, whoever runs the task by now.
  if (again) logs.set(options.waits ? 0 : 1, again);
}

/** Takes its sign of life from the runner, who learns later that the task is somebody else's. */
async function lose(game: Game, { learnsBy }: StepOf<'lose'>): Promise<void> {
  const { model, playground } = game;
  const log = runnerOf(game);
  if (!playground.lose || !log || model.state !== 'running') return;
  await log.flushed();
  await playground.lose(model.taskId);
  model.lose(playground.now());
  const by = [...game.logs.keys()]
    .filter((attempt) => !model.canAct(attempt))
    .indexOf(model.attempt);
  if (learnsBy === 'append') await append(game, { do: 'append', by: by + 1, kind: 0 });
  if (learnsBy === 'checkpoint') await checkpoint(game, { do: 'checkpoint', by: by + 1 });
  if (learnsBy === 'hand over') await handOver(game, { by: by + 1, delay: 0, isFree: true });
  const how = { status: 'completed', evenIfCancelled: true } as const;
  if (learnsBy === 'settle') await settle(game, { by: by + 1, ...how });
  await aborted(log.signal);
}

export async function playStep(game: Game, step: SingleStep): Promise<void> {
  const { model, live, playground, options } = game;
  const [here, elsewhere] = playground.contexts;
  switch (step.do) {
    case 'append':
      return append(game, step);
    case 'checkpoint':
      return checkpoint(game, step);
    case 'hand over':
      return handOver(game, step);
    case 'settle':
      return settle(game, step);
    case 'take':
      return take(game, step);
    case 'go on':
      return goOn(game, step);
    case 'pass':
      return passTime(game, step);
    case 'open again':
      return openAgain(game, step);
    case 'lose':
      return lose(game, step);
    case 'cancel': {
      const owner = step.isOwner ? options.owner : 'you';
      const answer = await elsewhere.cancel(model.taskId, { owner, reason: 'Enough.' });
      expect(answer).toBe(step.isOwner && model.cancel('Enough.', playground.now()));
      return;
    }
    case 'read': {
      const places = placesIn(game);
      const at = places[step.from % places.length];
      const { isEager } = step;
      const context = step.elsewhere ? elsewhere : here;
      const isApart = isEager && playground.apart !== undefined;
      const from = isApart ? playground.apart : context;
      live.push(await openLive(game, from ?? context, { at, isEager }));
      return;
    }
    case 'drain': {
      const reader = live[step.reader];
      if (reader) await drain(game, reader);
    }
  }
}
