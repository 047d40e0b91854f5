const prototype = Array.prototype as unknown as Record<
  PropertyKey,
  (...args: unknown[]) => unknown
>;

/** The methods that go through a whole array; spreading an array uses its iterator. */
const walks: PropertyKey[] = [
  ...['concat', 'every', 'filter', 'forEach', 'map', 'reduce', 'some', 'toSpliced', 'with'],
  Symbol.iterator,
];

/** Arrays of fewer items are not counted, because they do not grow with what is measured. */
const least = 200;

/**
 * How many items of long arrays are gone through or copied while something runs: a measure of work
 * that does not depend on the machine.
 */
export async function countCopies(run: () => Promise<unknown>): Promise<number> {
  const originals = new Map([...walks, 'slice'].map((name) => [name, prototype[name]] as const));
  let count = 0;
  const note = (length: number) => {
    if (length >= least) count += length;
  };
  for (const [name, original] of originals) {
    if (!original) continue;
    prototype[name] = function (this: unknown[], ...args: unknown[]) {
      const result = original.apply(this, args);
      note(name === 'slice' ? (result as unknown[]).length : this.length);
      return result;
    };
  }
  try {
    await run();
  } finally {
    for (const [name, original] of originals) if (original) prototype[name] = original;
  }
  return count;
}
