import { expect, it } from 'vitest';
import { createLogWindow } from '../../../../src/server/log/log-window';
import { parseWakeUp, takeWakeUp } from '../../../../src/server/redis/read/wake-up';

/** What becomes of a window with the frames `a` and `b` of epoch 7 by a message. */
function take(message: string) {
  const window = createLogWindow({ taskId: 'task', epoch: 7 });
  for (const frame of ['a', 'b']) window.push(frame);
  const wakeUp = parseWakeUp(message);
  const isUpToDate = wakeUp && takeWakeUp(window, wakeUp);
  const { data } = window.segments[0] ?? {};
  return { isUpToDate, frames: data?.join(''), isEnded: window.isEnded };
}

it('brings frames that join what is at hand, those that are known left out', () => {
  expect(take('7 2 3 \nc\nd')).toEqual({ isUpToDate: true, frames: 'abcd', isEnded: false });
  expect(take('7 1 2 \nb\nc')).toEqual({ isUpToDate: true, frames: 'abc', isEnded: false });
  expect(take('7 0 1 \na\nb')).toEqual({ isUpToDate: true, frames: 'ab', isEnded: false });
});

it('makes look for frames that it has not with it, or that do not join', () => {
  expect(take('7 2 9 ')).toEqual({ isUpToDate: false, frames: 'ab', isEnded: false });
  expect(take('7 3 3 \nd')).toEqual({ isUpToDate: false, frames: 'ab', isEnded: false });
  expect(take('8 0 0 \nx')).toEqual({ isUpToDate: false, frames: 'ab', isEnded: false });
});

it('makes nobody look where nothing is new', () => {
  expect(take('7 2 1 ')).toEqual({ isUpToDate: true, frames: 'ab', isEnded: false });
});

it('ends a window that has all before the end', () => {
  expect(take('7 2 2 completed\nc')).toEqual({ isUpToDate: true, frames: 'abc', isEnded: true });
  expect(take('7 2 1 failed')).toEqual({ isUpToDate: true, frames: 'ab', isEnded: true });
  expect(take('7 2 3 completed')).toEqual({ isUpToDate: false, frames: 'ab', isEnded: false });
});

it('is nothing when it has another form', () => {
  for (const message of ['', '7', '7 2', 'x 2 3 ', '7 2 3', '7 2 3 DONE']) {
    expect(take(message)).toMatchObject({ isUpToDate: undefined, frames: 'ab' });
  }
});
