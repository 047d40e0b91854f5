import { TaskError } from '../../protocol/task-error';

/** More levels than any sensible input has, and far fewer than would overflow a schema's stack. */
const maxDepth = 256;

/** Whether an object has keys by which careless copying changes the prototype of all objects. */
function isPoisonous(value: object): boolean {
  if (Object.hasOwn(value, '__proto__')) return true;
  const maker: unknown = Object.getOwnPropertyDescriptor(value, 'constructor')?.value;
  return typeof maker === 'object' && maker !== null && Object.hasOwn(maker, 'prototype');
}

/**
 * Refuses what is well-formed and yet harmful: keys that pollute prototypes, and nesting that
 * overflows the stack of whoever walks through it.
 *
 * @throws TaskError with the given code.
 */
export function checkJson(root: unknown, code: 'invalid-body' | 'invalid-input'): void {
  // Level by level instead of recursive, to spare the stack. A transformer's value may have circles.
  const seen = new Set<object>();
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null || seen.has(value)) continue;
      seen.add(value);
      if (depth >= maxDepth) {
        const message = `The JSON is nested deeper than ${maxDepth} levels. Send it flatter.`;
        throw new TaskError({ code, message });
      }
      if (isPoisonous(value)) {
        const message =
          '`__proto__` and `constructor.prototype` are no keys for JSON that is sent.';
        throw new TaskError({ code, message });
      }
      for (const item of Object.values(value)) next.push(item);
    }
    level = next;
  }
}
