import { describe, expect, it } from 'vitest';
import {
  type ReaderRequest,
  type Taker,
  type TakingDecision,
  type WaitingTask,
  whoTakes,
} from '../../../src/server/recovery/who-takes';

const task: WaitingTask = { runner: 'any', definition: 'report', version: 2 };
const supervisor: Taker = {
  ...{ runner: 'any', versions: new Map([['report', 2]]), isDraining: false },
  ...{ running: 0, maxRunning: 4 },
};
const get: ReaderRequest = { method: 'GET', mode: 'cors' };
const reader: Taker = { ...supervisor, request: get };
const late = { elapsedMs: 51, maxRunMs: 100 };

type Row = [what: string, taker: Taker, decision: TakingDecision, task?: Partial<WaitingTask>];

const rows: Row[] = [
  ['a supervisor', supervisor, 'take'],
  ['a reader', reader, 'take'],
  [
    'a reader without a mode, as in old browsers',
    { ...reader, request: { method: 'GET' } },
    'take',
  ],
  ['a reader of the same origin', { ...reader, request: { ...get, mode: 'same-origin' } }, 'take'],
  ['HEAD', { ...reader, request: { ...get, method: 'HEAD' } }, 'leave'],
  ['POST', { ...reader, request: { ...get, method: 'POST' } }, 'leave'],
  ['a link', { ...reader, request: { ...get, mode: 'navigate' } }, 'leave'],
  ['an image', { ...reader, request: { ...get, mode: 'no-cors' } }, 'leave'],
  ['a prefetch', { ...reader, request: { ...get, purpose: 'prefetch' } }, 'leave'],
  ['a prerender', { ...reader, request: { ...get, purpose: 'Prefetch;prerender' } }, 'leave'],
  ['a worker of a queue', { ...supervisor, runner: 'queue:a' }, 'take', { runner: 'queue:a' }],
  [
    'a worker of another queue',
    { ...supervisor, runner: 'queue:b' },
    'leave',
    { runner: 'queue:a' },
  ],
  ['a reader of a queued task', reader, 'leave', { runner: 'queue:a' }],
  ['a worker of a queue, for a task of any runner', { ...supervisor, runner: 'queue:a' }, 'leave'],
  ['a newer version', { ...supervisor, versions: new Map([['report', 3]]) }, 'take'],
  ['an older version', { ...supervisor, versions: new Map([['report', 1]]) }, 'leave'],
  ['another definition', { ...supervisor, versions: new Map([['story', 2]]) }, 'leave'],
  ['a process that drains', { ...supervisor, isDraining: true }, 'leave'],
  ['a reader that comes while it drains', { ...reader, isDraining: true }, 'leave'],
  [
    'a reader from before that',
    { ...reader, isDraining: true, request: { ...get, isFromBeforeDrain: true } },
    'end',
  ],
  [
    'a reader from before that, in a full process',
    { ...reader, running: 4, isDraining: true, request: { ...get, isFromBeforeDrain: true } },
    'end',
  ],
  [
    'a link from before that',
    { ...reader, isDraining: true, request: { method: 'HEAD', isFromBeforeDrain: true } },
    'leave',
  ],
  [
    'a reader from before that, of a queued task',
    { ...reader, isDraining: true, request: { ...get, isFromBeforeDrain: true } },
    'leave',
    { runner: 'queue:a' },
  ],
  ['a POST that was to start it', { ...reader, request: { method: 'POST', isStart: true } }, 'end'],
  ['a GET that was to start it', { ...reader, request: { ...get, isStart: true } }, 'end'],
  [
    'a start in a full process',
    { ...reader, running: 4, request: { method: 'POST', isStart: true } },
    'end',
  ],
  [
    'a start that comes while it drains',
    { ...reader, isDraining: true, request: { method: 'POST', isStart: true } },
    'leave',
  ],
  [
    'a start of another definition',
    { ...reader, request: { method: 'POST', isStart: true } },
    'leave',
    { definition: 'story' },
  ],
  ['a process that runs one less than it may', { ...reader, running: 3 }, 'take'],
  ['a process that runs as much as it may', { ...reader, running: 4 }, 'leave'],
  ['half of the time left', { ...reader, invocation: { elapsedMs: 50, maxRunMs: 100 } }, 'take'],
  ['less than half of it, for a reader', { ...reader, invocation: late }, 'end'],
  ['less than half of it, for a supervisor', { ...supervisor, invocation: late }, 'leave'],
  [
    'less than half of it, for a link',
    { ...reader, request: { method: 'HEAD' }, invocation: late },
    'leave',
  ],
  ['less than half of it, in a full process', { ...reader, running: 4, invocation: late }, 'leave'],
];

describe('a task that waits', () => {
  it.each(rows)('is decided about for %s', (_, taker, decision, other = {}) => {
    expect(whoTakes({ ...task, ...other }, taker)).toBe(decision);
  });
});
