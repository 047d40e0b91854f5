import { warnOnce } from '../warn-once';

const taken = new Set<string>();

/**
 * Takes a storage key for one hook of the page: the given key, or that key with a number when
 * another hook has it. Hooks that mount in the same order after a reload get the same keys.
 */
export function takeKey(key: string): string {
  let own = key;
  for (let n = 2; taken.has(own); n++) own = `${key}:${n}`;
  if (own !== key) warnOnce(`Give each hook of ${key} a \`storageKey\`.`);
  taken.add(own);
  return own;
}

/** Gives a key of `takeKey` back, so that another hook may have it. */
export function giveKeyBack(key: string): void {
  taken.delete(key);
}
