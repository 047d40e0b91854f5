import { frameType } from '../../protocol/compact-replay';

/** Which texts, reasonings and tool calls readers know, and do not know the end of. */
export interface SentParts {
  /** Takes note of a frame that is sent. */
  track(frame: string): void;
  /** Whether a frame ends one of them. */
  isEnd(frame: string): boolean;
}

const starts = new Set([
  'text-start',
  'reasoning-start',
  'tool-input-start',
  'tool-input-available',
]);

const ends = new Set([
  'text-end',
  'reasoning-end',
  'tool-input-error',
  'tool-output-available',
  'tool-output-error',
  'tool-output-denied',
]);

interface PartChunk {
  readonly type: string;
  readonly id?: string;
  readonly toolCallId?: string;
  readonly preliminary?: boolean;
}

/** AI SDK clients throw at the end of a part whose start they have not seen. */
export function createSentParts(): SentParts {
  const open = new Set<string>();

  const keyOf = ({ type, id, toolCallId }: PartChunk) =>
    JSON.stringify([type.slice(0, type.indexOf('-')), id ?? toolCallId]);

  const parse = (frame: string, types: ReadonlySet<string>): PartChunk | undefined => {
    const type = frameType(frame);
    return type !== undefined && types.has(type) ? JSON.parse(frame) : undefined;
  };

  const isEnd = (frame: string) => {
    const end = parse(frame, ends);
    return end !== undefined && !end.preliminary && open.has(keyOf(end));
  };

  return {
    track(frame) {
      const start = parse(frame, starts);
      if (start) open.add(keyOf(start));
      else if (isEnd(frame)) open.delete(keyOf(JSON.parse(frame)));
      else if (frameType(frame) === 'reset-step') open.clear();
    },
    isEnd,
  };
}
