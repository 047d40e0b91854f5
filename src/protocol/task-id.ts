const taskIdPattern = /^[A-Za-z0-9_-]{16,128}$/;

/** Tells whether a value can name a task: 16 to 128 characters of `A-Za-z0-9_-`. */
export function isTaskId(value: unknown): value is string {
  return typeof value === 'string' && taskIdPattern.test(value);
}

/** Makes a taskId that nobody can guess: 32 hexadecimal digits, 128 random bits. */
export function createTaskId(): string {
  // getRandomValues, because randomUUID is missing on pages that are not served over HTTPS.
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
