import type { Cursor } from '../../../src/protocol/cursor';

export type Received = [cursor: string, frame: string];

export const taskId = 'task';
/** The log's first epoch; in what is expected of it they count from 0. */
export const base = 59_950_785_260;
export const start: Cursor = { epoch: base, n: 0 };
export const gap = 'a gap';

export function frameOf(epoch: number, n: number): string {
  return `frame ${epoch}-${n}`;
}

/** A reader that wants what follows a place. */
export function readFrom({ epoch, n }: Cursor) {
  return { cursor: { epoch: base + epoch, n: n - 1 } };
}

export const record = {
  status: 'running' as const,
  firstEpoch: base,
  owner: undefined,
  name: undefined,
  chatId: undefined,
  createdAt: 1,
  settledAt: undefined,
  leaseMs: 1_000,
  cancel: undefined,
  isUnsaved: false,
};
