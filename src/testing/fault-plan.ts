import { createUnavailableError } from '../server/log/task-errors';
import { pause } from '../server/time/pause';
import type { FaultyCall, StreamContextFault } from './fault-schedule';

/** A schedule of faults that is being played. */
export interface FaultPlan {
  /** The faults that have happened, in their order. */
  readonly injected: readonly StreamContextFault[];
  /** Makes a call, with the faults that the schedule has for it. */
  call<Value>(call: FaultyCall, work: () => Promise<Value>): Promise<Value>;
  /** Makes a reader's call of `next`, which can be delayed but not fail. */
  next<Value>(work: () => Promise<Value>): Promise<Value>;
  /** Counts a chunk that a producer appends; returns whether the producer is gone before it. */
  killsAtNext(): boolean;
  /** Counts frames that a reader gets; returns after how many of these it is cut, if it is cut. */
  cutWithin(count: number): number | undefined;
}

export function createFaultPlan(schedule: readonly StreamContextFault[]): FaultPlan {
  const injected: StreamContextFault[] = [];
  // How many calls of each name there were, frames and chunks included.
  const counts = new Map<string, number>();

  const advance = (name: string, by = 1) => {
    const count = (counts.get(name) ?? 0) + by;
    counts.set(name, count);
    return count;
  };

  const faultsOf = (call: FaultyCall | 'next') => {
    const count = advance(call);
    const due = schedule.filter(
      (fault) => 'call' in fault && fault.call === call && fault.at === count,
    );
    injected.push(...due);
    return due;
  };

  const delay = async (due: readonly StreamContextFault[]) => {
    for (const fault of due) if (fault.fault === 'delay') await pause(fault.ms);
  };

  const failWith = (due: readonly StreamContextFault[], fault: StreamContextFault['fault']) => {
    const failure = due.find((one) => one.fault === fault);
    if (!failure) return;
    throw createUnavailableError(new Error(`The schedule has it: ${JSON.stringify(failure)}`));
  };

  return {
    injected,
    async call(call, work) {
      const due = faultsOf(call);
      failWith(due, 'unavailable');
      const answer = await work();
      await delay(due);
      failWith(due, 'lost-answer');
      return answer;
    },
    async next(work) {
      const answer = await work();
      await delay(faultsOf('next'));
      return answer;
    },
    killsAtNext() {
      const count = advance('append');
      const kill = schedule.find(({ fault, at }) => fault === 'kill' && at === count);
      if (kill) injected.push(kill);
      return kill !== undefined;
    },
    cutWithin(count) {
      const end = advance('frame', count);
      const start = end - count;
      const cuts = schedule.filter(({ fault, at }) => fault === 'cut' && at > start && at <= end);
      const [cut] = cuts.sort((one, other) => one.at - other.at);
      if (!cut) return undefined;
      injected.push(cut);
      const handed = cut.at - 1 - start;
      // Frames that the reader did not get are counted when another reader gets them.
      counts.set('frame', cut.at);
      return handed;
    },
  };
}
