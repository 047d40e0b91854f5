/** A text from elsewhere, as one line of 200 characters at most. */
export function briefText(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** An error's message, with its cause's message or code, as one line. */
export function errorText(error: unknown): string {
  const { message = error, cause } = Object(error);
  const { code, message: reason } = Object(cause);
  return briefText(`${message} ${reason || code || ''}`);
}
