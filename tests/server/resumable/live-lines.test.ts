import { describe, expect, it } from 'vitest';
import {
  createLineParser,
  encodeFrameLine,
  encodeHeader,
  encodeMark,
  encodeRun,
} from '../../../src/server/resumable/live-lines';
import { createMirrorLog } from '../../../src/server/resumable/mirror-log';
import { fc } from '../../helpers/fast-check';
import { chunk } from './two-instances';

describe('the lines of a log', () => {
  const header = { version: 1, epoch: 0, createdAt: 1, leaseMs: 1_000 } as const;
  // Frames 3 and 4 are not sent.
  const strings = [
    encodeHeader(header) + encodeFrameLine(0, chunk('Grüße 漢字 😀')),
    encodeFrameLine(1, chunk(1)) + encodeFrameLine(2, chunk(2)) + encodeMark('full', 3),
    encodeMark('sent', 3),
    encodeMark('skip', 3, 5) + encodeFrameLine(5, chunk(5)),
    encodeFrameLine(6, chunk(6)) + encodeMark('end', 7),
  ].map((lines) => encodeRun('run') + lines);

  function assemble(pieces: readonly string[]) {
    const parse = createLineParser();
    const log = createMirrorLog('task');
    for (const piece of pieces) for (const line of parse(piece)) log.add(line);
    return log;
  }

  const whole = {
    header,
    window: {
      segments: [
        { offset: 0, data: [chunk('Grüße 漢字 😀'), chunk(1), chunk(2)] },
        { offset: 5, data: [chunk(5), chunk(6)] },
      ],
      isEnded: true,
      gap: { from: 3, cause: 'log-full' },
    },
    lacksFrames: false,
  };

  it('make the log again in any order, and when some come twice', () => {
    const order = fc.shuffledSubarray(strings, { minLength: strings.length });
    fc.assert(
      fc.property(order, fc.subarray(strings), (first, again) => {
        expect(assemble([...first, ...again])).toMatchObject(whole);
        expect(assemble([...again, ...first])).toMatchObject(whole);
      }),
    );
  });

  it('make the log again wherever they are cut', () => {
    const text = strings.join('');
    for (let at = 0; at <= text.length; at++) {
      expect(assemble([text.slice(0, at), text.slice(at)])).toMatchObject(whole);
    }
    expect(assemble([...text])).toMatchObject(whole);
  });

  it('tell what is missing of them', () => {
    for (const [index, missing] of strings.entries()) {
      const log = assemble(strings.filter((other) => other !== missing));
      // A mark that only repeats what the others say is not missed.
      const isEnded = log.window?.isEnded === true;
      expect(isEnded).toBe(index === 2);
      expect(log.lacksFrames || !isEnded).toBe(index !== 2);
    }
  });

  it('count only when they are from one process, the first', () => {
    const others = strings.map((lines) => lines.replace('run run', 'run other'));
    const mixed = strings.flatMap((lines, index) => [lines, others[index] ?? '']);
    expect(assemble(mixed)).toMatchObject(whole);
    const foreign = others.map((lines) => lines.replaceAll('"data-n"', '"data-other"'));
    expect(assemble([strings[0] ?? '', ...foreign, ...strings])).toMatchObject(whole);
  });

  it('that are damaged are left out', () => {
    const damaged = ['x\n', 'task {\n', 'skip 1 x\n', 'end\n', '-1 {}\n', 'frame 1\n', '\n'];
    expect(assemble(strings.flatMap((text) => [text, ...damaged]))).toMatchObject(whole);
  });
});
