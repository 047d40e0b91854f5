import { doneFrame, encodeFrame, encodeHeartbeat } from '../../protocol/frame';
import type { TaskHeartbeatData } from '../../protocol/task-parts';
import { isTaskPart } from '../../protocol/task-parts';
import { createSharedPieces, type SharedPieces } from '../log/shared-pieces';

/** Writes the events of a response. */
export interface EventEncoder {
  /** The event of a stored chunk, given as JSON; `prefix` is what all events of its epoch begin with. */
  frame(prefix: string, n: number, data: string): string;
  heartbeat(data: TaskHeartbeatData): string;
  /** The last bytes of a response that was read to its end. */
  readonly done: string;
  /** Events that were encoded already, so that readers of one log share them. */
  readonly pieces: SharedPieces;
}

/** Keeps the text of the newest heartbeat, because all readers of one task are sent the same one. */
function sharedHeartbeat(encode: (data: TaskHeartbeatData) => string): EventEncoder['heartbeat'] {
  let newest: TaskHeartbeatData | undefined;
  let text = '';
  return (data) => {
    const { taskId, at, intervalMs, waiting } = data;
    const isKnown =
      newest?.taskId === taskId &&
      newest.at === at &&
      newest.intervalMs === intervalMs &&
      newest.waiting === waiting;
    if (!isKnown) text = encode(data);
    newest = data;
    return text;
  };
}

const unnamedEvents: EventEncoder = {
  frame: encodeFrame,
  heartbeat: sharedHeartbeat(encodeHeartbeat),
  done: doneFrame,
  pieces: createSharedPieces(),
};

/** `task-settle` for a part of the type `data-task-settle`; `undefined` for a chunk of the AI SDK. */
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
 * Task parts and the end are named events, for `addEventListener`. Chunks of the AI SDK have no name
 * and arrive as `message`: named by its type, the chunk `error` would reach the listeners that
 * `EventSource` has for broken connections.
 */
const namedEvents: EventEncoder = {
  frame(prefix, n, data) {
    const name = eventNameOf(data);
    const event = encodeFrame(prefix, n, data);
    return name === undefined ? event : named(event, name);
  },
  heartbeat: sharedHeartbeat((data) => named(encodeHeartbeat(data), 'task-heartbeat')),
  done: named(doneFrame, 'done'),
  pieces: createSharedPieces(),
};

export function createEventEncoder(events: 'named' | undefined): EventEncoder {
  return events === 'named' ? namedEvents : unnamedEvents;
}
