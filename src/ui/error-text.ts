/** A text of somebody else in one line, cut where that would be long. */
export function briefText(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** What an error says, with what it says of its cause. */
export function errorText(error: unknown): string {
  const { message = error, cause } = Object(error);
  const { code, message: reason } = Object(cause);
  return briefText(`${message} ${reason || code || ''}`);
}
