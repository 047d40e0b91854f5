/** Leaves a stream that nobody will read to its end: it would be filled for ever if it was only dropped. */
export function leaveStream(
  source: { cancel(reason?: unknown): Promise<void> } | null | undefined,
  reason?: unknown,
): void {
  source?.cancel(reason).catch(() => {
    // The stream has failed before, or fails while it is left, which changes nothing any more.
  });
}
