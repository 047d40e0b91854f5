const made = new WeakMap<object, unknown>();

/** Makes a value of an object, and returns the same value for the same object from then on. */
export function once<Given extends object, Made>(given: Given, make: (given: Given) => Made): Made {
  if (!made.has(given)) made.set(given, make(given));
  return made.get(given) as Made;
}
