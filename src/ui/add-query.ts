/** Adds parameters to an address, which may be relative and have a query of its own. */
export function addQuery(address: string, parameters: Record<string, string>): string {
  const query = new URLSearchParams(parameters).toString();
  // Put together as text, because `URL` would want an absolute address.
  return query ? `${address}${address.includes('?') ? '&' : '?'}${query}` : address;
}
