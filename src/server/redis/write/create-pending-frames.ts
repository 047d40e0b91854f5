import { type GapCause, gapFrame, gapMessage } from '../../log/frame-gap';
import {
  endsBetween,
  endsUnknown,
  nothingOpen,
  type OpenFrames,
  openedSince,
  startsOf,
  stillOpen,
  trackOpenFrames,
} from '../../log/open-frames';
import type { Entry } from '../scripts/stored-task';
import type { PendingFrames } from './pending-frames';

/** Entries of the stream are cut at about this many characters, but never within a frame. */
const maxEntryLength = 64 * 1024;

/** One call carries about so many characters at most. */
const maxBatchLength = 256 * 1024;

/** What an entry costs beside its frames, in characters: so a call has not too many of them. */
const entryOverhead = 64;

/** Neighbouring frames, or a gap. */
interface Run {
  first: number;
  /** How many numbers it has: more than `frames` in a gap. */
  count: number;
  frames: string[];
  /** Characters of `frames`. */
  length: number;
  readonly cause: GapCause | undefined;
  /** Sent, and perhaps stored: it must not grow, or the log could hold a part of it. */
  isSent: boolean;
  /** What is open, for a reader of the log, before it. */
  openBefore: OpenFrames;
}

type Gap = Run & { readonly cause: GapCause };

function lengthOf(frames: readonly string[]): number {
  return frames.reduce((sum, frame) => sum + frame.length, 0);
}

/**
 * A reader of the log must be able to follow it in spite of gaps: AI SDK clients throw at a delta
 * of a part whose start they have not seen, and a tool call that never ends makes a chat's next
 * turn throw. So a gap brings what has ended and what was opened within it, and then says what it
 * is. Where that takes more numbers than were dropped, the next frames are dropped as well.
 */
export function createPendingFrames({
  taskId,
  frames: storedFrames,
  next: firstNext,
}: {
  taskId: string;
  /** What the log begins with. */
  frames: readonly string[];
  /** The number that the next frame gets. */
  next: number;
}): PendingFrames {
  let runs: Run[] = [];
  let next = firstNext;
  let length = 0;
  // What is open now, and what is open there for a reader of the log.
  let open = storedFrames.reduce(trackOpenFrames, nothingOpen);
  let openInLog = open;
  // The newest run, while frames are being dropped.
  let gap: Gap | undefined;
  let hasToldFull = false;
  let closing: { readonly frames: readonly string[]; readonly first: number } | undefined;

  const add = <Cause extends GapCause | undefined>(first: number, cause: Cause) => {
    const run: Run & { readonly cause: Cause } = {
      first,
      count: 0,
      frames: [],
      length: 0,
      cause,
      isSent: false,
      openBefore: openInLog,
    };
    runs.push(run);
    return run;
  };

  const put = (run: Run, frames: readonly string[]) => {
    length -= run.length;
    run.frames = [...frames];
    run.length = lengthOf(frames);
    length += run.length;
  };

  const addTo = (run: Run, frame: string) => {
    run.frames.push(frame);
    run.length += frame.length;
    length += frame.length;
  };

  const firstWaiting = () => runs[0]?.first ?? next;

  const openBefore = () => runs[0]?.openBefore ?? openInLog;

  /** A log that is full is told of once: it stays so. */
  const isTold = ({ cause }: Gap) => cause === 'log-full' && hasToldFull;

  /** Where there is no room for what comes, nothing is gained by the starts of what it belongs to. */
  const bringsStarts = ({ cause }: Gap) => cause !== 'log-full' && !closing;

  /** What a gap brings. The frame that tells of it is last: whoever lacks a part of it gets that. */
  const standIns = (run: Gap): string[] => [
    ...endsBetween(openInLog, open, gapMessage(run.cause)),
    ...(bringsStarts(run) ? startsOf(openedSince(openInLog, open)) : []),
    ...(isTold(run) ? [] : [gapFrame(taskId, run.cause)]),
  ];

  /** Whether what a gap brings finds room in it. */
  const hasRoom = (run: Gap) => standIns(run).length <= run.count;

  const endGap = (run: Gap) => {
    // Where everything that was dropped is brought, nothing is missing.
    put(run, standIns(run).slice(0, run.count));
    openInLog = bringsStarts(run) ? open : stillOpen(openInLog, open);
    if (run.cause === 'log-full') hasToldFull = true;
    gap = undefined;
  };

  /** A gap that still grows is not sent while there is no hurry to tell of it. */
  const isHeld = (run: Run, isAway: boolean) =>
    gap !== undefined && run === gap && (isAway || isTold(gap) || !hasRoom(gap));

  const drop = (frame: string, cause: GapCause) => {
    gap ??= add(next, cause);
    gap.count++;
    open = trackOpenFrames(open, frame, next++);
  };

  const push = (frame: string) => {
    if (gap && !hasRoom(gap)) return drop(frame, gap.cause);
    if (gap) endGap(gap);
    let run = runs.at(-1);
    const isFull = run && run.length + frame.length > maxEntryLength;
    if (!run || run.isSent || run.cause || isFull) run = add(next, undefined);
    addTo(run, frame);
    run.count++;
    const isSame = openInLog === open;
    open = trackOpenFrames(open, frame, next);
    openInLog = isSame ? open : trackOpenFrames(openInLog, frame, next);
    next++;
  };

  const settle = (frames: readonly string[]) => {
    closing = { frames, first: next };
    if (gap) endGap(gap);
    let run: Run | undefined;
    for (const frame of frames) {
      // The end of a part that was opened in a gap is left out.
      const cause = endsUnknown(openInLog, frame) ? 'log-full' : undefined;
      if (!run || run.cause !== cause) run = add(next, cause);
      if (!cause) addTo(run, frame);
      run.count++;
      openInLog = trackOpenFrames(openInLog, frame, next++);
    }
  };

  return {
    get length() {
      return length;
    },
    get first() {
      return firstWaiting();
    },
    get next() {
      return next;
    },
    get dropping() {
      return gap?.cause;
    },
    push,
    drop,
    settle,

    unsettle() {
      if (!closing) return;
      const { first } = closing;
      const cut = runs.find((run) => run.first >= first);
      if (cut) openInLog = cut.openBefore;
      runs = runs.filter((run) => run.first < first);
      length = runs.reduce((sum, run) => sum + run.length, 0);
      next = first;
      closing = undefined;
    },

    hasWork(isAway) {
      const [run] = runs;
      return closing !== undefined || (run !== undefined && !isHeld(run, isAway));
    },

    batch(isAway, first = 0) {
      const entries: Entry[] = [];
      let batchLength = 0;
      for (const run of runs) {
        if (run.first < first) continue;
        const isTogether = closing !== undefined && run.first > closing.first;
        if (isHeld(run, isAway) || (batchLength >= maxBatchLength && !isTogether)) {
          return { entries, isLast: false };
        }
        if (gap && run === gap) endGap(gap);
        run.isSent = true;
        const last = run.first + run.count - 1;
        entries.push({ first: run.first, last, text: run.frames.join('\n'), gap: run.cause });
        batchLength += run.length + entryOverhead;
      }
      return { entries, isLast: closing !== undefined };
    },

    shift(last) {
      for (let run = runs[0]; run && run.first <= last; run = runs[0]) {
        const stored = last - run.first + 1;
        if (stored < run.count) {
          run.first += stored;
          run.count -= stored;
          put(run, run.cause ? run.frames.slice(-run.count) : run.frames.slice(stored));
          return;
        }
        length -= run.length;
        if (run === gap) gap = undefined;
        runs.shift();
      }
    },

    lose(last) {
      const first = last + 1;
      const count = firstWaiting() - first;
      if (count <= 0) return;
      const openAfter = openBefore();
      const lost = new Map([...openAfter].filter(([, { n }]) => n >= first));
      const frames = [...startsOf(lost), gapFrame(taskId, 'storage-lost')].slice(0, count);
      runs.unshift({
        first,
        count,
        frames,
        length: lengthOf(frames),
        cause: 'storage-lost',
        isSent: true,
        openBefore: openedSince(lost, openAfter),
      });
      length += lengthOf(frames);
    },

    shed(maxLength) {
      let kept = 0;
      const index = runs.findIndex((run) => {
        kept += run.length;
        return kept > maxLength && !run.isSent;
      });
      const cut = runs[index];
      const settled = closing;
      const end = settled?.first ?? next;
      if (!cut || cut === gap || cut.first >= end) return;
      runs = runs.slice(0, index);
      length = runs.reduce((sum, run) => sum + run.length, 0);
      openInLog = cut.openBefore;
      closing = undefined;
      gap = add(cut.first, 'storage-away');
      gap.count = end - cut.first;
      next = end;
      if (settled) settle(settled.frames);
    },

    openStarts: () => startsOf(openBefore()),

    restart(newFirst) {
      const first = firstWaiting();
      const shift = newFirst - first;
      const renumbered = (frames: OpenFrames): OpenFrames =>
        new Map(
          [...frames].map(([key, { frame, n }]) => [key, { frame, n: n < first ? -1 : n + shift }]),
        );
      for (const run of runs) {
        run.first += shift;
        run.isSent = false;
        run.openBefore = renumbered(run.openBefore);
      }
      openInLog = renumbered(openInLog);
      open = renumbered(open);
      next += shift;
      if (closing) closing = { ...closing, first: closing.first + shift };
      hasToldFull = false;
    },
  };
}
