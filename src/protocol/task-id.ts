const taskIdPattern = /^[A-Za-z0-9_-]{16,128}$/;

/** Tells whether a value can name a task: 16 to 128 characters of `A-Za-z0-9_-`. */
export function isTaskId(value: unknown): value is string {
  return typeof value === 'string' && taskIdPattern.test(value);
}

/**
 * Makes a taskId that nobody can guess: 32 hexadecimal digits, 128 random bits.
 *
 * @param randomize Returns as many random bytes as it gets. Default: those of `crypto`.
 */
export function createTaskId(
  // Not randomUUID, which is missing on pages that are not served over HTTPS.
  randomize: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) =>
    globalThis.crypto.getRandomValues(bytes),
): string {
  const bytes = randomize(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
