// What helpers have begun for a test ends with it, before anybody looks whether something is left.
const cleanUps: (() => unknown)[] = [];

/** Calls it when the test is over, after the hooks of its file; what was given last comes first. */
export function onCleanUp(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp);
}

/** For the setup of tests alone. */
export async function cleanUpAll(): Promise<void> {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
}
