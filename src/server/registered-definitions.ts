import { TaskError } from '../protocol/task-error';
import { processWide } from './log/process-wide';
import type { TaskStreamContext } from './log/task-stream-context';
import type { PlainDefinition } from './plain-definition';

type Definitions = WeakMap<TaskStreamContext, Map<string, PlainDefinition>>;

function definitionsOn(context: TaskStreamContext): Map<string, PlainDefinition> {
  const contexts = processWide('definitions.v1', (): Definitions => new WeakMap());
  const known = contexts.get(context) ?? new Map<string, PlainDefinition>();
  contexts.set(context, known);
  return known;
}

/** Whether modules are reloaded while people edit them, so that a definition takes another's place. */
function isDevelopment(): boolean {
  const { process } = globalThis as { process?: { env?: { NODE_ENV?: string } } };
  return process?.env?.NODE_ENV === 'development';
}

/**
 * The texts and numbers within a function, without what surrounds them: a minifier may write the
 * same function in another way for each bundle, but with the same values.
 */
function valuesIn(work: PlainDefinition['execute']): readonly string[] {
  const source = String(work);
  const values = source.match(/(?<![\p{ID_Continue}$.])\d[\d.]*|"[^"\n]*"|'[^'\n]*'/gu) ?? [];
  return values.map((value) => value.replaceAll("'", '"')).sort();
}

/**
 * What tells a definition from others, as text: its plain values, which others it has, its steps, and
 * the values within its work.
 */
function traitsOf({ steps, retry, ...definition }: PlainDefinition): string {
  const traits = Object.entries(definition)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, Object(value) === value ? typeof value : value])
    .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1));
  return JSON.stringify([traits, steps, retry, valuesIn(definition.work ?? definition.execute)]);
}

/**
 * Takes note that a context has tasks of a definition. Bundlers load a module once per bundle, so a
 * definition may come as several objects, which are told from another definition by what they hold.
 *
 * @throws TaskError `invalid-options` when the context has tasks of another definition of that name,
 * or cannot attempt tasks again that are to be.
 */
export function registerDefinition(context: TaskStreamContext, definition: PlainDefinition): void {
  const { name, retry } = definition;
  if (retry && !context.take) {
    throw new TaskError({
      code: 'invalid-options',
      message: `The task \`${name}\` has \`retry\`, and this \`streamContext\` cannot attempt tasks again. Use \`createRedisStreamContext()\` or \`createMemoryStreamContext()\`, or leave \`retry\` out.`,
    });
  }
  const known = definitionsOn(context);
  const other = known.get(name);
  const isSame =
    !other || other === definition || isDevelopment() || traitsOf(other) === traitsOf(definition);
  if (!isSame) {
    throw new TaskError({
      code: 'invalid-options',
      message: `There are two different definitions of the name \`${name}\` on one \`streamContext\`. Give each a name of its own: a route serves, and a process takes up, all tasks of that name.`,
    });
  }
  known.set(name, definition);
}
