/** Names something of an owner's, so that nobody can shadow what is another's. */
export function ownedKey(owner: string | undefined, ...ids: (string | undefined)[]): string {
  return JSON.stringify([owner ?? null, ...ids.map((id) => id ?? null)]);
}
