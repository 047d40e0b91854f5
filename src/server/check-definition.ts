import { TaskError } from '../protocol/task-error';
import { checkNames } from './log/check-names';

function check(isValid: boolean, message: string): void {
  if (!isValid) throw new TaskError({ code: 'invalid-options', message });
}

function isSchema(value: unknown): boolean {
  const { '~standard': standard } = Object(value) as { '~standard'?: { validate?: unknown } };
  return typeof standard?.validate === 'function';
}

function checkSchema(value: unknown, name: string): void {
  const message = `\`${name}\` is no Standard Schema. Pass a schema of Zod (3.24 or later), Valibot, ArkType or another library of https://standardschema.dev, or leave it out.`;
  check(value === undefined || isSchema(value), message);
}

/** @throws TaskError `invalid-options` that says what `defineTask` takes. */
export function checkDefinition(options: unknown): void {
  const { name, execute, input, partial, dataPartSchemas } = Object(options);
  check(
    typeof name === 'string' && name !== '',
    '`defineTask` needs a `name`: a text that tells the task from others.',
  );
  checkNames({ name });
  check(
    typeof execute === 'function',
    '`defineTask` needs `execute`: a function that does the work.',
  );
  checkSchema(input, 'input');
  checkSchema(partial, 'partial');
  for (const [part, schema] of Object.entries(dataPartSchemas ?? {})) {
    checkSchema(schema, `dataPartSchemas.${part}`);
  }
}

/**
 * Tells a definition by its shape, because bundlers may have loaded `defineTask` twice.
 *
 * @throws TaskError `invalid-options`.
 */
export function checkIsDefinition(task: unknown): void {
  const { options } = Object(task) as { options?: unknown };
  check(
    typeof Object(options).execute === 'function',
    'This is no defined task. Pass what `defineTask({ name, execute })` gave you, itself and not in an object or a promise.',
  );
}
