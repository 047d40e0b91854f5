/** Lists that grow in place, each with what was last shown of it. */
const shown = new WeakMap<readonly unknown[], readonly unknown[]>();

/**
 * The list with one more item. One that was made here is added to, so that a thousand items are
 * not copied for the next one; any other is copied, once. What others see of it is `stillList`.
 */
export function growList<Item>(list: readonly Item[], item: Item): readonly Item[] {
  const own = shown.has(list) ? (list as Item[]) : [...list];
  if (own !== list) shown.set(own, []);
  own.push(item);
  return own;
}

/** What a list holds now, whatever comes after; made when it is asked for, and then the same. */
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
  // One that does not grow keeps still by itself.
  if (!last) return list;
  if (last.length === length) return last;
  const still = list.slice(0, length);
  shown.set(list, still);
  return still;
}
