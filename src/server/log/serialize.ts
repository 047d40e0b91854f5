import { TaskError } from '../../protocol/task-error';
import { isObject } from './is-object';

/** How a path goes on from `parent` to `key`: `.name`, `[3]` or `["a name"]`. */
function stepTo(parent: object, key: string): string {
  if (Array.isArray(parent)) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm have another `Object.prototype`.
  return !isObject(prototype) || Object.getPrototypeOf(prototype) === null;
}

/** Whether a value is a boxed primitive, which JSON turns into the primitive. */
function isBoxed(value: object): boolean {
  return value instanceof Number || value instanceof String || value instanceof Boolean;
}

/**
 * Whether JSON would change an object without a word: it keeps nothing of a `Map`, a promise or
 * private fields, not the message of an error, and bytes only as numbered keys.
 */
function isLostInJson(value: object): boolean {
  if (Array.isArray(value) || isPlain(value) || isBoxed(value)) return false;
  return (
    Object.keys(value).length === 0 ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Error ||
    ArrayBuffer.isView(value)
  );
}

function classOf({ constructor: maker }: object): string {
  return (typeof maker === 'function' && maker.name) || 'a class';
}

interface Culprit {
  /** The path from the value that was searched; empty when that value itself is the culprit. */
  readonly path: string;
  readonly what: string;
}

/** More levels than any sensible value has, and far fewer than would overflow the stack. */
const maxDepth = 1_000;

/** Finds what JSON cannot carry. */
function findCulprit(value: unknown, ancestors: object[] = []): Culprit | undefined {
  if (typeof value === 'bigint') return { path: '', what: 'a bigint' };
  if (typeof value === 'function' || typeof value === 'symbol') {
    return ancestors.length === 0 ? { path: '', what: `a ${typeof value}` } : undefined;
  }
  if (!isObject(value) || ancestors.length > maxDepth) return undefined;
  if (ancestors.includes(value)) return { path: '', what: 'a circular reference' };
  ancestors.push(value);
  try {
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      const json: unknown = value.toJSON();
      if (json !== value) return findCulprit(json, ancestors);
    }
    if (isLostInJson(value)) return { path: '', what: `an instance of ${classOf(value)}` };
    for (const key of Object.keys(value)) {
      const culprit = findCulprit(Reflect.get(value, key), ancestors);
      if (culprit) return { ...culprit, path: stepTo(value, key) + culprit.path };
    }
  } catch {
    // A getter or a toJSON that throws is the culprit itself.
    return { path: '', what: 'a value whose getter or toJSON throws' };
  } finally {
    ancestors.pop();
  }
  return undefined;
}

function createUnserializableError(
  path: string,
  { path: rest, what }: Culprit = { path: '', what: 'a value' },
  cause?: unknown,
): TaskError {
  return new TaskError({
    code: 'unserializable',
    message: `\`${path}${rest}\` is ${what}, which JSON cannot carry. Convert it before it is sent.`,
    details: { path: path + rest },
    cause,
  });
}

/**
 * `JSON.stringify` for what goes on the wire.
 *
 * @param path What the subject is called in an error, such as `chunk`.
 * @param subject The part of `value` that may be at fault, if it is not the whole.
 * @throws TaskError `unserializable`, naming the path of the value that cannot be serialised.
 */
export function serialize(value: unknown, path: string, subject: unknown = value): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw createUnserializableError(path, findCulprit(subject), cause);
  }
}

/**
 * Like `serialize`, for a subject that has to arrive as it is: also throws for a value that JSON
 * would change without a word. A value with a `toJSON` says itself what it is as JSON.
 *
 * @throws TaskError `unserializable`, naming the path of the value.
 */
export function serializeFaithfully(
  value: unknown,
  path: string,
  subject: unknown = value,
): string {
  const json = serialize(value, path, subject);
  const culprit = findCulprit(subject);
  if (culprit) throw createUnserializableError(path, culprit);
  return json;
}
