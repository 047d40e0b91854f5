// What Node offers and React Native does not, kept for the code of the tests' servers. Read before
// `bare-platform.ts` takes it away.
const { AbortController, AbortSignal, DOMException, crypto, fetch } = globalThis;
const kept = { AbortController, AbortSignal, DOMException, crypto, fetch };

export const nodePlatform = {
  ...kept,
  /** The global object as it was. */
  globalThis: Object.create(
    globalThis,
    Object.getOwnPropertyDescriptors(kept),
  ) as typeof globalThis,
};
