/** A chunk of an answer: 100 bytes as JSON, about what a model sends for a word. */
export function textChunk(n, bytes = 100) {
  const bare = JSON.stringify({ type: 'text-delta', id: 'text', delta: `${n} ` });
  return JSON.stringify({
    ...{ type: 'text-delta', id: 'text' },
    delta: `${n} ${'x'.repeat(bytes - bare.length)}`,
  });
}

/** Opens a task as a definition with `retry` does, or as one without. */
export async function openTask(
  context,
  { taskId = crypto.randomUUID(), leaseMs = 3_600_000, hasRetry = true, inputBytes = 1_000 } = {},
) {
  const snapshot = { taskId, status: 'running', createdAt: 1, updatedAt: 1 };
  const log = await context.open(taskId, {
    ...{ definition: 'report', leaseMs, token: crypto.randomUUID() },
    frames: ['{"type":"start"}', JSON.stringify({ type: 'data-task', id: taskId, data: snapshot })],
    ...(hasRetry && {
      start: { index: -1, logs: 0, partials: 0, snapshot, nested: [] },
      work: {
        ...{ input: JSON.stringify('x'.repeat(inputBytes - 2)), version: 1, runner: 'any' },
        ...{ attempts: 3, maxTotal: 100, maxWaitMs: 86_400_000 },
      },
    }),
  });
  return { taskId, log };
}

export function settleTask(taskId, log) {
  const settle = { type: 'data-task-settle', data: { taskId, status: 'completed' } };
  return log.settle([JSON.stringify(settle), '{"type":"finish"}'], 'completed');
}

/** A reader that takes what comes until its task is over, and counts it. */
export async function followTask(context, taskId) {
  const reader = await context.read(taskId);
  const following = { count: 0, ended: Promise.resolve() };
  following.ended = (async () => {
    for await (const { start, end } of reader) following.count += end - start;
  })();
  return following;
}
