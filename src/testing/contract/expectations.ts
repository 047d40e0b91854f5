import { deepEqual, equal, fail } from 'node:assert/strict';

/** Expects that an object has the given members; it may have others besides. */
export function expectMembers(actual: unknown, expected: object): void {
  deepEqual(pickMembers(actual, expected), expected);
}

/** A copy of a value with those members only that the expected value has, at any depth. */
function pickMembers(actual: unknown, expected: unknown): unknown {
  if (!isPlain(expected) || typeof actual !== 'object' || actual === null) return actual;
  const members = Object.entries(expected).map(([name, value]) => {
    const member: unknown = Reflect.get(actual, name);
    return [name, pickMembers(member, value)] as const;
  });
  return Object.fromEntries(members);
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Expects that a promise rejects with an error of that code. */
export async function expectRefusal(promise: Promise<unknown>, code: string): Promise<void> {
  const refused = await promise.then(
    () => fail(`Nothing was refused; expected an error of the code ${code}.`),
    (error: unknown) => error,
  );
  expectMembers(refused, { code });
}

/** Expects that something is missing, without comparing it with anything. */
export function expectNone(value: unknown): void {
  equal(value, undefined);
}
