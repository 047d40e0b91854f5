/**
 * Adds parameters to an address, which may be relative and have a query of its own. By hand,
 * because `URL` would want an absolute address, and React Native's `URLSearchParams` lacks parts.
 */
export function addQuery(address: string, parameters: Record<string, string>): string {
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encode(value)}`);
  if (query.length === 0) return address;
  return `${address}${address.includes('?') ? '&' : '?'}${query.join('&')}`;
}

/** As forms do: a space is a plus, and halves of surrogate pairs, which have no code, go. */
function encode(value: string): string {
  return encodeURIComponent(value.replace(/[\ud800-\udfff]/gu, '\ufffd')).replaceAll('%20', '+');
}
