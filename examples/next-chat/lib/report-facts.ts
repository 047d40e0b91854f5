/** What a report's task tells of itself: its topic, and which process runs it, if there are several. */
export function factsOf(metadata: unknown): { topic?: string; instance?: string } {
  const { topic, instance } = (metadata ?? {}) as Record<string, unknown>;
  return {
    ...(typeof topic === 'string' && { topic }),
    ...(typeof instance === 'string' && { instance }),
  };
}
