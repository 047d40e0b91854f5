import { doneFrame, encodeFrame, encodeHeartbeat } from '../../protocol/frame';
import type { TaskHeartbeatData } from '../../protocol/task-parts';
import { isTaskPart } from '../../protocol/task-parts';
import { createSharedPieces, type SharedPieces } from '../log/shared-pieces';

/** Writes what goes into a response as events. */
export interface EventEncoder {
  /** A stored chunk, as JSON; `prefix` is what its epoch's events begin with. */
  frame(prefix: string, n: number, data: string): string;
  heartbeat(data: TaskHeartbeatData): string;
  /** The last bytes of a response that was read to its end. */
  readonly done: string;
  /** What these events make of ranges of frames. */
  readonly pieces: SharedPieces;
}

const unnamedEvents: EventEncoder = {
  frame: encodeFrame,
  heartbeat: encodeHeartbeat,
  done: doneFrame,
  pieces: createSharedPieces(),
};

/** `task-settle` for a part of the type `data-task-settle`; `undefined` for what is none of ours. */
function eventNameOf(data: string): string | undefined {
  if (!data.includes('"data-task')) return undefined;
  const chunk: { type: string } = JSON.parse(data);
  return isTaskPart(chunk) ? chunk.type.slice('data-'.length) : undefined;
}

/** Puts the event's name before its data. */
function named(event: string, name: string): string {
  return event.replace(/^data: /m, `event: ${name}\ndata: `);
}

/**
 * Task parts and the end have names, for `addEventListener`. Other chunks have none and arrive as
 * `message`: an event named `error`, as one of them is, would reach the listeners that
 * `EventSource` has for broken connections.
 */
const namedEvents: EventEncoder = {
  frame(prefix, n, data) {
    const name = eventNameOf(data);
    const event = encodeFrame(prefix, n, data);
    return name === undefined ? event : named(event, name);
  },
  heartbeat: (data) => named(encodeHeartbeat(data), 'task-heartbeat'),
  done: named(doneFrame, 'done'),
  pieces: createSharedPieces(),
};

export function createEventEncoder(events: 'named' | undefined): EventEncoder {
  return events === 'named' ? namedEvents : unnamedEvents;
}
