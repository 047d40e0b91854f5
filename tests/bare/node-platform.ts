// What Node has and React Native lacks, kept for the tests' servers. This module has to be loaded
// before `bare-platform.ts` takes it all away.
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
