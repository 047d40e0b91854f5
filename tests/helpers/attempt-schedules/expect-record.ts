import { expect } from 'vitest';
import { absolute, type Game, isOver } from './game';

/** Expects that each instance tells where the task stands as the model has it. */
export async function expectRecord(game: Game): Promise<void> {
  const { model, schedule, options, work, createdAt, playground } = game;
  const { taskId } = model;
  const { owner, definition } = options;
  const isWaiting = model.state === 'waiting';
  const { epoch, n } = absolute(game, model.log.end());
  for (const context of playground.contexts) {
    const { notBefore, openedAt, ...found } = (await context.inspect(taskId)) ?? {};
    expect(found).toEqual({
      ...{ taskId, owner, name: 'Report', definition, chatId: taskId, attempt: model.attempt },
      ...{ status: isWaiting ? 'pending' : model.state, createdAt, cursor: `${epoch}-${n}` },
      ...(!isOver(game) && { runner: work.runner, version: work.version }),
      ...(isWaiting && { isWaiting: true }),
      // Of a task that was lost the host may always be told.
      ...(isOver(game) && (schedule.savesOutcome || model.isLost) && { isUnsaved: true }),
    });
    // By the storage's clock, if it has one of its own.
    if (openedAt !== undefined) expect(Math.abs(openedAt - (createdAt ?? 0))).toBeLessThan(60_000);
    if (!isWaiting) expect(notBefore).toBeUndefined();
    // Where time is real, it has gone on between the task and the model.
    else if (playground.pass) expect(notBefore).toBe(model.notBefore);
    else expect(Math.abs((notBefore ?? 0) - model.notBefore)).toBeLessThan(60_000);
  }
}
