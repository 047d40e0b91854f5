import { expect, it } from 'vitest';
import type { TaskRecord } from '../../../src/server/log/task-record';
import { type Care, careFor, type Supervisor } from '../../../src/server/recovery/care-for';

const now = 1_000_000;
const heartbeatMs = 100;

const running: TaskRecord = {
  ...{ taskId: 'task', status: 'running', cursor: '1-0', createdAt: now - 1_000 },
  ...{ definition: 'report', runner: 'any', version: 2, attempt: 1 },
};
const waiting: TaskRecord = { ...running, status: 'pending', isWaiting: true, notBefore: now };
const over: TaskRecord = { ...running, status: 'completed' };
const unsaved: TaskRecord = { ...over, isUnsaved: true };

const supervisor: Supervisor = {
  taker: {
    ...{ runner: 'any', versions: new Map([['report', 2]]), isDraining: false },
    ...{ running: 0, maxRunning: 1 },
  },
  ...{ heartbeatMs, canDeliver: true, chance: 0.5, now },
};

const withTaker = (taker: Partial<Supervisor['taker']>): Supervisor => ({
  ...supervisor,
  taker: { ...supervisor.taker, ...taker },
});

const soon = { do: 'look', inMs: heartbeatMs / 2, why: 'others' } as const;

const cases: [what: string, record: TaskRecord | undefined, by: Supervisor, care: Care][] = [
  ['runs', running, supervisor, { do: 'leave' }],
  ['is lost', { ...running, isLost: true }, supervisor, { do: 'look', inMs: 100, why: 'lost' }],
  ['waits', waiting, supervisor, { do: 'take' }],
  [
    'was put off',
    { ...waiting, notBefore: now + 70 },
    supervisor,
    { do: 'look', inMs: 70, why: 'early' },
  ],
  [
    'waits, and enough run',
    waiting,
    withTaker({ running: 1 }),
    { do: 'look', inMs: 0, why: 'full' },
  ],
  ['waits for a later version', waiting, withTaker({ versions: new Map([['report', 1]]) }), soon],
  [
    'waits for a later version, and enough run',
    { ...waiting, version: 3 },
    withTaker({ running: 1 }),
    soon,
  ],
  ['waits for another definition', waiting, withTaker({ versions: new Map() }), soon],
  ['waits for another kind of runner', { ...waiting, runner: 'queue:mail' }, supervisor, soon],
  ['waits, and the process drains', waiting, withTaker({ isDraining: true }), soon],
  [
    'waits, and the invocation is half over',
    waiting,
    withTaker({ invocation: { elapsedMs: 51, maxRunMs: 100 } }),
    soon,
  ],
  ['is over and saved', over, supervisor, { do: 'forget' }],
  ['is over and unsaved', unsaved, supervisor, { do: 'deliver' }],
  [
    'is unsaved, and nobody is to be told',
    unsaved,
    { ...supervisor, canDeliver: false },
    { do: 'leave' },
  ],
  [
    'is unsaved, and the process drains',
    unsaved,
    withTaker({ isDraining: true }),
    { do: 'deliver' },
  ],
  ['is not there yet', undefined, { ...supervisor, now: now + 58_999 }, { do: 'leave' }],
  ['was not opened in a minute', undefined, { ...supervisor, now: now + 59_000 }, { do: 'forget' }],
  [
    'is another one',
    { ...running, createdAt: now },
    { ...supervisor, now: now + 60_000 },
    { do: 'forget' },
  ],
];

it.each(cases)('a task that %s (R-INDEX-4, R-SUPERVISE-1)', (_, record, by, care) => {
  expect(careFor(running, record, by)).toEqual(care);
});
