/**
 * Whether a chunk says that the log which was being read is gone, and that another log of the same
 * task follows from its start: whatever came of the task before has to be forgotten.
 */
export function isAnotherLog(chunk: { type: string }): boolean {
  const { data } = chunk as { data?: { code?: unknown; details?: { cause?: unknown } | null } };
  const isGap = chunk.type === 'data-task-error' && data?.code === 'gap';
  return isGap && data.details?.cause === 'another-log';
}
