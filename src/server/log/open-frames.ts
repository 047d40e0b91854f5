import { beginsWith } from '../../protocol/begins-with';
import { frameType } from '../../protocol/compact-replay';

interface OpenFrame {
  readonly frame: string;
  /** Its number in the log, which tells it from another of the same id. */
  readonly n: number;
}

/**
 * What is open at some point of a log: the frames that opened texts, reasonings and tool calls, by
 * kind and id, in the order of their coming. Never changed: one that is tracked further is another.
 */
export type OpenFrames = ReadonlyMap<string, OpenFrame>;

export const nothingOpen: OpenFrames = new Map();

type Kind = 'text' | 'reasoning' | 'tool';

const starts = new Map<string, Kind>([
  ['text-start', 'text'],
  ['reasoning-start', 'reasoning'],
  ['tool-input-start', 'tool'],
  ['tool-input-available', 'tool'],
]);

const ends = new Map<string, Kind>([
  ['text-end', 'text'],
  ['reasoning-end', 'reasoning'],
  ['tool-input-error', 'tool'],
  ['tool-output-available', 'tool'],
  ['tool-output-error', 'tool'],
  ['tool-output-denied', 'tool'],
]);

interface PartChunk {
  readonly id?: unknown;
  readonly toolCallId?: unknown;
  readonly preliminary?: unknown;
  readonly providerExecuted?: unknown;
  readonly dynamic?: unknown;
}

function keyOf(kind: Kind, { id, toolCallId }: PartChunk): string {
  return `${kind} ${kind === 'tool' ? toolCallId : id}`;
}

/** By far the most of all frames, and they open nothing. */
const textDelta = '{"type":"text-delta"';

/** What is open behind a frame. */
export function trackOpenFrames(open: OpenFrames, frame: string, n: number): OpenFrames {
  if (beginsWith(frame, textDelta)) return open;
  const type = frameType(frame);
  if (type === undefined || type.endsWith('-delta') || type.startsWith('data-')) return open;
  if (type === 'reset-step') return nothingOpen;
  const kind = starts.get(type) ?? ends.get(type);
  if (kind === undefined) return open;
  const chunk = JSON.parse(frame) as PartChunk;
  if (chunk.preliminary === true) return open;
  const tracked = new Map(open);
  if (starts.has(type)) tracked.set(keyOf(kind, chunk), { frame, n });
  else tracked.delete(keyOf(kind, chunk));
  return tracked;
}

/** Whether the frame ends a part that is open. */
export function endsOpen(open: OpenFrames, frame: string): boolean {
  const type = frameType(frame);
  const kind = type === undefined ? undefined : ends.get(type);
  if (kind === undefined) return false;
  const chunk = JSON.parse(frame) as PartChunk;
  return chunk.preliminary !== true && open.has(keyOf(kind, chunk));
}

/** Whether the frame ends a part that is not open, at which AI SDK clients throw. */
export function endsUnknown(open: OpenFrames, frame: string): boolean {
  const type = frameType(frame);
  const kind = type === undefined ? undefined : ends.get(type);
  return kind !== undefined && !open.has(keyOf(kind, JSON.parse(frame) as PartChunk));
}

/** The frames that opened what is open. */
function startsOf(open: OpenFrames): string[] {
  return [...open.values()].map(({ frame }) => frame);
}

/** What was opened between two points. */
function openedSince(before: OpenFrames, after: OpenFrames): OpenFrames {
  return new Map([...after].filter(([key, { n }]) => before.get(key)?.n !== n));
}

/**
 * Frames that end what was open before and has ended since.
 *
 * @param errorText What became of a tool's output that is missing.
 */
function endsBetween(before: OpenFrames, after: OpenFrames, errorText: string): string[] {
  return [...before]
    .filter(([key, { n }]) => {
      const now = after.get(key);
      // The input of a tool call goes on with another frame of the same call.
      return now === undefined || (now.n !== n && !key.startsWith('tool '));
    })
    .map(([key, { frame }]) => {
      const { id, toolCallId, providerExecuted, dynamic } = JSON.parse(frame) as PartChunk;
      if (!key.startsWith('tool ')) return JSON.stringify({ type: `${key.split(' ')[0]}-end`, id });
      return JSON.stringify({
        type: 'tool-output-error',
        toolCallId,
        errorText,
        ...(providerExecuted !== undefined && { providerExecuted }),
        ...(dynamic !== undefined && { dynamic }),
      });
    });
}

/**
 * Frames that take a reader from one point to another: the ends of what has ended in between, and
 * the starts of what was opened.
 *
 * @param errorText What became of a tool's output that is missing.
 */
export function bridge(before: OpenFrames, after: OpenFrames, errorText: string): string[] {
  return [...endsBetween(before, after, errorText), ...startsOf(openedSince(before, after))];
}
