import { expectRecord } from './expect-record';
import { isOver, openGame, type Playground, runnerOf } from './game';
import { drain, expectReplays } from './live-readers';
import { type Schedule, type SingleStep, singleSteps } from './schedule';
import { playStep } from './steps';

/**
 * Plays a schedule from the opening of a task to its end, against a stream context and the model, and
 * compares what can be seen: each answer, where the task stands, what readers get that are under way,
 * and replays from everywhere. Throws where anything differs.
 */
export async function playSchedule(schedule: Schedule, playground: Playground): Promise<void> {
  const game = await openGame(schedule, playground);
  const { model, live } = game;
  const { onStep, passShort, now } = playground;

  const play = async (step: SingleStep) => {
    onStep?.(step);
    await passShort?.();
    model.look(now());
    await playStep(game, step);
    await passShort?.();
    model.look(now());
    // Appending is left to go on while other things happen.
    if (step.do !== 'append') {
      await runnerOf(game)?.flushed();
      await expectRecord(game);
    }
    for (const reader of live) if (reader.isEager) await drain(game, reader);
  };

  for (const step of schedule.steps.flatMap(singleSteps)) await play(step);
  await expectReplays(game);
  if (!isOver(game)) await play({ do: 'cancel', isOwner: true });
  if (!isOver(game)) {
    await play({ do: 'settle', by: 0, status: 'failed', evenIfCancelled: true });
  }
  await expectReplays(game);
  for (const reader of live) await drain(game, reader);
  await runnerOf(game)?.release({ isSaved: true });
}
