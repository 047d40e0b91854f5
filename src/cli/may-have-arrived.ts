/** The codes by which Node and its `fetch` tell that an established connection broke. */
const codes = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/**
 * Whether a request whose `fetch` failed may have come to a server, and only its answer was lost.
 * Addresses that nobody has, refused connections and bad certificates fail before anything is sent.
 */
export function mayHaveArrived(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted) return true;
  const { code } = Object(Object(error).cause) as { code?: unknown };
  return typeof code === 'string' && codes.has(code);
}
