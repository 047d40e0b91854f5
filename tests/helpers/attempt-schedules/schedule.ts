// What can happen to a task that may be attempted again, in any order: as data, so that a schedule
// which finds a fault can be shortened.
import { fc } from '../fast-check';

/** Who does something: 0 is the runner, others are those that ran the task before it. */
type By = number;

export type Step =
  | { do: 'append'; by: By; kind: number }
  | { do: 'checkpoint'; by: By }
  | { do: 'hand over'; by: By; delay: number; isFree: boolean }
  | { do: 'settle'; by: By; status: 'completed' | 'failed'; evenIfCancelled: boolean }
  | { do: 'take'; contenders: number; version: number; of: 'it' | 'runner' | 'definition' }
  | { do: 'go on'; delay: number; isFree: boolean }
  | { do: 'leave'; times: number }
  | { do: 'open again'; isSame: boolean }
  | { do: 'lose'; learnsBy: 'append' | 'checkpoint' | 'hand over' | 'settle' }
  | { do: 'cancel'; isOwner: boolean }
  | { do: 'pass'; until: 'while' | 'notBefore' | 'deadline' | 'patience'; offset: number }
  | { do: 'read'; elsewhere: boolean; from: number; isEager: boolean }
  | { do: 'drain'; reader: number };

/** Steps of which none is made of others. */
export type SingleStep = Exclude<Step, { do: 'leave' }>;

/** The steps that a step is made of: one process after the other takes the task, only to leave it. */
export function singleSteps(step: Step): SingleStep[] {
  if (step.do !== 'leave') return [step];
  return Array.from({ length: 2 * step.times }, () => ({ do: 'go on', delay: 0, isFree: true }));
}

export interface Schedule {
  /** How long the task waits for its first runner: an index into `Times.delays`. Default: it runs. */
  readonly waits: number | undefined;
  readonly attempts: number;
  readonly maxTotal: number;
  /** An index into `Times.patience`. */
  readonly patience: number;
  /** An index into `Times.deadlines`. */
  readonly deadline: number;
  readonly savesOutcome: boolean;
  readonly steps: readonly Step[];
}

/** Times that a schedule chooses from, in milliseconds; they differ in how soon they can pass. */
export interface Times {
  readonly delays: readonly number[];
  readonly patience: readonly number[];
  readonly deadlines: readonly (number | undefined)[];
}

const by: fc.Arbitrary<By> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat(3) },
);
const delay = fc.nat(2);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 36, arbitrary: fc.record({ do: fc.constant('append'), by, kind: fc.nat(9) }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('checkpoint'), by }) },
  { weight: 15, arbitrary: fc.record({ do: fc.constant('go on'), delay, isFree: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('hand over'), by, delay, isFree: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('take'),
      contenders: fc.integer({ min: 1, max: 4 }),
      version: fc.integer({ min: 1, max: 3 }),
      of: fc.constantFrom('it', 'it', 'runner', 'definition'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('lose'),
      learnsBy: fc.constantFrom('append', 'checkpoint', 'hand over', 'settle'),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant('read'),
      elsewhere: fc.boolean(),
      from: fc.nat(),
      isEager: fc.boolean(),
    }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('drain'), reader: fc.nat(5) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass'),
      until: fc.constantFrom('while', 'notBefore', 'deadline', 'patience'),
      offset: fc.integer({ min: -1, max: 1 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('leave'), times: fc.integer({ min: 1, max: 12 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('open again'), isSame: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('cancel'),
      isOwner: fc.oneof({ weight: 2, arbitrary: fc.constant(true) }, fc.boolean()),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      by,
      status: fc.constantFrom('completed', 'failed'),
      evenIfCancelled: fc.boolean(),
    }),
  },
) as fc.Arbitrary<Step>;

export const schedules: fc.Arbitrary<Schedule> = fc.record({
  waits: fc.option(delay, { nil: undefined, freq: 4 }),
  attempts: fc.integer({ min: 1, max: 4 }),
  maxTotal: fc.oneof(fc.constant(100), fc.integer({ min: 1, max: 5 })),
  patience: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(1)),
  deadline: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(2)),
  savesOutcome: fc.boolean(),
  steps: fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
});
