/**
 * Adds parameters to an address, which may be relative and have a query of its own. Without `URL`,
 * which wants an absolute address, and `URLSearchParams`, which is incomplete in React Native.
 */
export function addQuery(address: string, parameters: Record<string, string>): string {
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encode(value)}`);
  if (query.length === 0) return address;
  return `${address}${address.includes('?') ? '&' : '?'}${query.join('&')}`;
}

/** Encodes as forms do; `encodeURIComponent` would throw on lone halves of surrogate pairs. */
function encode(value: string): string {
  return encodeURIComponent(value.replace(/[\ud800-\udfff]/gu, '\ufffd')).replaceAll('%20', '+');
}
