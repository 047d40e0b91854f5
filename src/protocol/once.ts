const made = new WeakMap<object, unknown>();

/** Makes something of an object once, as long as that is there. Only one thing is made of each. */
export function once<Given extends object, Made>(given: Given, make: (given: Given) => Made): Made {
  if (!made.has(given)) made.set(given, make(given));
  return made.get(given) as Made;
}
