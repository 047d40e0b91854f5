import { expect, it } from 'vitest';
import { type RewindableMessage, reduceRewindableMessage } from '../../src/ui/rewindable-message';
import { attemptsLog } from '../helpers/attempts';
import { taskId } from '../helpers/recording';

type Chunks = readonly { type: string }[];

function reduceAll(chunks: Chunks): RewindableMessage {
  return chunks.reduce<RewindableMessage>(
    (last, chunk) => reduceRewindableMessage(last, chunk, taskId),
    { message: { id: '', role: 'assistant', parts: [] } },
  );
}

it('takes a message back once, whatever part of the log a reader gets twice (R-CLIENT-12)', () => {
  for (const lostAt of [[5], [17], [26, 33], [17, 33, 34]]) {
    const chunks = attemptsLog(lostAt).frames.map(({ chunk }) => chunk);
    const marks = chunks.filter(({ type }) => /^data-task-(checkpoint|rewind)$/.test(type));
    // The checkpoints and rewinds that came so far, once more, right before the end.
    const twice = [...chunks.slice(0, -3), ...marks, ...chunks.slice(-3)];
    expect([lostAt, reduceAll(twice)]).toEqual([lostAt, reduceAll(chunks)]);
  }
});
