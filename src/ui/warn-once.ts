const warnings = new Set<string>();

/** Warns of a probable mistake on the console, once per page and message. */
export function warnOnce(message: string): void {
  if (warnings.has(message)) return;
  warnings.add(message);
  console.warn(`ai-task-stream: ${message}`);
}
