/** A key for something that belongs to an owner, which the ids of other owners can never equal. */
export function ownedKey(owner: string | undefined, ...ids: (string | undefined)[]): string {
  return JSON.stringify([owner ?? null, ...ids.map((id) => id ?? null)]);
}
