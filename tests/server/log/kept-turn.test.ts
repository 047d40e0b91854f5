import type { UIMessage } from 'ai';
import { createLostTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { decodeKeptTurn, encodeKeptTurn } from '../../../src/server/log/kept-turn';

const message: UIMessage = {
  ...{ id: 'a1', role: 'assistant' },
  parts: [
    {
      ...{ type: 'dynamic-tool', toolName: 'remove', toolCallId: 'call', input: {} },
      ...{ state: 'approval-responded', approval: { id: 'approval', approved: true } },
    },
  ],
};
const turn = { turn: { chatId: 'chat' } };

describe('What is kept with an unsaved outcome', () => {
  it('is read as it was written', () => {
    for (const kept of [{ message }, { turn }, { message, turn }, {}]) {
      expect(decodeKeptTurn(encodeKeptTurn(kept))).toEqual(kept);
    }
  });

  it('is the bare message without a turn, as processes write it that know of no turns', () => {
    expect(encodeKeptTurn({ message })).toBe(JSON.stringify(message));
    expect(encodeKeptTurn({})).toBeUndefined();
  });

  it('tells who closes a lost task which approvals were answered, with a turn and without', () => {
    const close = (kept: object) => {
      const lost = createLostTask({
        ...{ taskId: 'task-0123456789abcdef', createdAt: 1, name: undefined, cancel: undefined },
        continued: JSON.parse(encodeKeptTurn(kept) ?? 'null'),
      });
      lost.track(JSON.stringify({ type: 'start', messageId: 'a1' }));
      return lost.close(5).frames.map((frame) => JSON.parse(frame).type);
    };
    expect(close({ message })).toContain('tool-output-error');
    expect(close({ message, turn })).toEqual(close({ message }));
  });
});
