const warnings = new Set<string>();

/** Warns of what is probably not meant, once per page. */
export function warnOnce(message: string): void {
  if (warnings.has(message)) return;
  warnings.add(message);
  console.warn(`ai-task-stream: ${message}`);
}
