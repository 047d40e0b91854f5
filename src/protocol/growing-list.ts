/** The lists that `growList` made, each with the newest copy of it that was shown to others. */
const shown = new WeakMap<readonly unknown[], readonly unknown[]>();

/**
 * The list with one more item. A list that this function has made grows in place, so that a thousand
 * items are not copied for one more; any other list is copied, once. Others must be shown what
 * `stillList` returns, and never the growing list.
 */
export function growList<Item>(list: readonly Item[], item: Item): readonly Item[] {
  const own = shown.has(list) ? (list as Item[]) : [...list];
  if (own !== list) shown.set(own, []);
  own.push(item);
  return own;
}

/** Returns what gives the list as it is now, even once it has grown; copied when first asked for. */
export function stillList<Item>(list: readonly Item[]): () => readonly Item[] {
  const { length } = list;
  let still: readonly Item[] | undefined;
  return () => {
    still ??= showList(list, length);
    return still;
  };
}

function showList<Item>(list: readonly Item[], length: number): readonly Item[] {
  const last = shown.get(list) as readonly Item[] | undefined;
  // A list that `growList` has not made does not grow, so it is shown itself.
  if (!last) return list;
  if (last.length === length) return last;
  const still = list.slice(0, length);
  shown.set(list, still);
  return still;
}
