import type { UIMessageChunk } from 'ai';
import { expect } from 'vitest';
import { aiVersions } from './ai-versions';
import { parseFrames, type WireFrame } from './sse';

/** What readers of a task are told when its producer is gone. */
export const lostError = {
  code: 'lost',
  message: 'The process that ran the task is gone.',
  retryable: true,
};

/** The frames of a body that are stored. */
export function storedFramesIn(text: string): WireFrame[] {
  return parseFrames(text).filter(({ id }) => id !== undefined);
}

function chunkOf({ data }: WireFrame): UIMessageChunk {
  return JSON.parse(data) as UIMessageChunk;
}

/** Times of the heartbeats in a body, in epoch milliseconds. */
export function heartbeatsIn(text: string): number[] {
  return parseFrames(text).flatMap(({ id, data }) => {
    if (id !== undefined || data === '[DONE]') return [];
    return (JSON.parse(data) as { data: { at: number } }).data.at;
  });
}

/** Expects that a body ends as that of a lost task has to, and gives its closing frames. */
export function expectLostEnd(
  text: string,
  taskId: string,
  status: 'failed' | 'cancelled' = 'failed',
): WireFrame[] {
  const frames = storedFramesIn(text);
  // The closing frames of a lost task are an epoch of their own.
  const epochOf = ({ id = '' }: WireFrame) => id.slice(0, id.indexOf('-'));
  const newest = frames.at(-1);
  const closing = frames.filter((frame) => newest && epochOf(frame) === epochOf(newest));
  expect(frames.slice(-closing.length)).toEqual(closing);
  expect(text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
  const ended = { durationMs: expect.any(Number), settledAt: expect.any(Number) };
  const error =
    status === 'failed' ? lostError : expect.objectContaining({ code: 'cancelled' as const });
  expect(closing.slice(-4).map(chunkOf)).toEqual([
    { type: 'data-task', id: taskId, data: expect.objectContaining({ taskId, status }) },
    { type: 'data-task-error', id: taskId, data: { taskId, ...lostError } },
    { type: 'data-task-settle', id: taskId, data: { taskId, status, error, ...ended } },
    status === 'failed'
      ? { type: 'error', errorText: lostError.message }
      : { type: 'abort', reason: expect.any(String) },
  ]);
  expect(frames.filter(({ data }) => data.includes('"data-task-settle"'))).toHaveLength(1);
  return closing;
}

/** Expects that the AI SDK's own client takes a body, and that no part of the message stays open. */
export async function expectCleanMessage(text: string, errorText?: string): Promise<void> {
  const chunks = storedFramesIn(text).map(chunkOf);
  for (const version of aiVersions) {
    const errors: unknown[] = [];
    const message = await version.readMessage(chunks, { onError: (error) => errors.push(error) });
    expect(errors.map(String)).toEqual(errorText === undefined ? [] : [`Error: ${errorText}`]);
    for (const part of message?.parts ?? []) {
      if (!('state' in part)) continue;
      expect(['done', 'output-available', 'output-error']).toContain(part.state);
    }
    await version.validateUIMessages({ messages: [{ ...message, id: 'message' }] });
  }
}
