/** The JSON that an address answers with; `undefined` when it does not answer, or refuses. */
export async function fetchJson<Value>(address: string): Promise<Value | undefined> {
  try {
    const response = await fetch(address);
    return response.ok ? await response.json() : undefined;
  } catch {
    // There is no network.
    return undefined;
  }
}
