// Readers check all that they read: a contender that has lost, doubled or changed something fails.
import { now } from './clock.mjs';
import { endMark, expectedLog, expectedLogBytes, expectedText } from './source.mjs';

/** Compares a bare log with what went in, piece by piece, as it comes. */
export function createLogSink() {
  let length = 0;
  let isRight = true;
  return {
    take(piece) {
      const isSame =
        typeof piece === 'string'
          ? expectedLog.slice(length, length + piece.length) === piece
          : Buffer.compare(piece, expectedLogBytes.subarray(length, length + piece.length)) === 0;
      if (!isSame) isRight = false;
      length += piece.length;
    },
    get hasAll() {
      return length >= expectedLog.length;
    },
    check() {
      if (!isRight) throw new Error('What was read is not what was written.');
      if (length !== expectedLog.length) {
        throw new Error(`${length} of ${expectedLog.length} bytes were read.`);
      }
    },
  };
}

/** Keeps the pieces of a pipeline and puts the text together after the clock has stopped. */
export function createTextSink() {
  const pieces = [];
  let hasAll = false;
  return {
    take(piece) {
      pieces.push(piece);
      // Little more than the end of a frame follows the mark, so the end of a piece is enough.
      const tail = typeof piece === 'string' ? piece.slice(-2_000) : piece.subarray(-2_000);
      hasAll ||= (typeof tail === 'string' ? tail : Buffer.from(tail)).includes(endMark);
    },
    get hasAll() {
      return hasAll;
    },
    check() {
      const text = Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString();
      let deltas = '';
      for (const frame of text.split('\n\n')) {
        const data = /^data: (.*)$/m.exec(frame)?.[1];
        if (!data || data === '[DONE]') continue;
        const chunk = JSON.parse(data);
        if (chunk.type === 'text-delta') deltas += chunk.delta;
      }
      if (deltas !== expectedText) {
        throw new Error(`${deltas.length} of ${expectedText.length} characters were read.`);
      }
    },
  };
}

const stamp = /@(\d+):(\d+\.\d+);/g;

/** Notes how old each stamped chunk is when it comes. */
export function createStampSink({ count, latencies = [] }) {
  const decoder = new TextDecoder();
  let rest = '';
  let next = 0;
  let isRight = true;
  return {
    latencies,
    take(piece) {
      const at = now();
      const text =
        rest + (typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true }));
      let end = 0;
      for (const match of text.matchAll(stamp)) {
        if (Number(match[1]) !== next++) isRight = false;
        latencies.push(at - Number(match[2]));
        end = match.index + match[0].length;
      }
      rest = text.slice(Math.max(end, text.length - 200));
    },
    check() {
      if (!isRight) throw new Error('Chunks were read out of order, or some are missing.');
      if (next !== count) {
        throw new Error(`${next} of ${count} chunks were read. The end was: ${rest}`);
      }
    },
  };
}

/** Reads to the end; resolves with a function that checks and returns when the end was there. */
export async function readToEnd(stream, sink) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    sink.take(value);
  }
  const endedAt = now();
  return () => {
    sink.check();
    return endedAt;
  };
}

/** Reads until all that was written is there, checks it, leaves, and returns when it was there. */
export async function readToMark(stream, sink) {
  const reader = stream.getReader();
  while (!sink.hasAll) {
    const { done, value } = await reader.read();
    if (done) break;
    sink.take(value);
  }
  const endedAt = now();
  sink.check();
  // Some peers fail when a reader leaves. That does not matter: what was read is checked by now.
  reader.cancel().catch(() => {});
  return endedAt;
}
