import { TaskError } from '../../protocol/task-error';

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** How a path goes on from `parent` to `key`: `.name`, `[3]` or `["a name"]`. */
function stepTo(parent: object, key: string): string {
  if (Array.isArray(parent)) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** Finds what `JSON.stringify` chokes on: the path to it, and what it is. */
function findCulprit(
  value: unknown,
  path: string,
  ancestors: readonly object[],
): { path: string; what: string } | undefined {
  if (typeof value === 'bigint') return { path, what: 'a bigint' };
  if (typeof value === 'function' || typeof value === 'symbol') {
    return ancestors.length === 0 ? { path, what: `a ${typeof value}` } : undefined;
  }
  if (!isObject(value)) return undefined;
  if (ancestors.includes(value)) return { path, what: 'a circular reference' };
  try {
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      const json: unknown = value.toJSON();
      if (json !== value) return findCulprit(json, path, [...ancestors, value]);
    }
    for (const [key, item] of Object.entries(value)) {
      const culprit = findCulprit(item, path + stepTo(value, key), [...ancestors, value]);
      if (culprit) return culprit;
    }
  } catch {
    // A getter or a toJSON that throws is the culprit itself.
    return { path, what: 'a value whose getter or toJSON throws' };
  }
  return undefined;
}

/**
 * `JSON.stringify` for what goes on the wire.
 *
 * @param subject The part of `value` that may be at fault, if it is not the whole.
 * @param path What the subject is called in an error, such as `result`.
 * @throws TaskError `unserializable`, naming the path of the value that cannot be serialised.
 */
export function serialize(value: unknown, path: string, subject: unknown = value): string {
  let cause: unknown;
  if (typeof subject !== 'function' && typeof subject !== 'symbol') {
    try {
      return JSON.stringify(value);
    } catch (error) {
      cause = error;
    }
  }
  const { path: at, what } = findCulprit(subject, path, []) ?? { path, what: 'a value' };
  throw new TaskError({
    code: 'unserializable',
    message: `\`${at}\` is ${what}, which JSON cannot carry. Convert it before it is sent.`,
    details: { path: at },
    cause,
  });
}
