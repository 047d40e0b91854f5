import { describe, expect, it } from 'vitest';
import {
  doneFrame,
  encodeFrame,
  encodeHeartbeat,
  framePrefix,
  preamble,
} from '../../src/protocol/frame';

describe('frames', () => {
  it('are an id line, a data line and an empty line', () => {
    expect(encodeFrame(framePrefix(59_950_785_260), 7, '{"type":"start"}')).toBe(
      'id: 59950785260-7\ndata: {"type":"start"}\n\n',
    );
  });

  it('carry no id when they are heartbeats', () => {
    expect(encodeHeartbeat({ taskId: 'a', at: 1, intervalMs: 5 })).toBe(
      'data: {"type":"data-task-heartbeat","data":{"taskId":"a","at":1,"intervalMs":5},"transient":true}\n\n',
    );
  });

  it('stand between a preamble and an end of fixed bytes', () => {
    expect(preamble).toBe('retry: 1000\n\n');
    expect(doneFrame).toBe('data: [DONE]\n\n');
  });
});
