import { isRecord } from '../protocol/is-record';
import { TaskError } from '../protocol/task-error';
import { checkCounts } from './log/check-counts';
import { checkNames } from './log/check-names';
import type { PlainDefinition } from './plain-definition';
import { checkDurations } from './time/check-durations';

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

function checkFunctions({ context, chat }: Record<'context' | 'chat', unknown>): void {
  for (const [name, value] of Object.entries({ context, chat })) {
    const fits = value === undefined || typeof value === 'function';
    check(fits, `\`${name}\` must be a function, or be left out.`);
  }
}

/** Checks what a definition says of attempts and their checkpoints. */
function checkAttempts({
  retry,
  version,
  maxRunMs,
  maxWaitMs,
  maxCheckpointBytes,
  maxStoredBytes,
}: {
  retry?: unknown;
  version?: unknown;
  maxRunMs?: number;
  maxWaitMs?: number;
  maxCheckpointBytes?: unknown;
  maxStoredBytes?: unknown;
}): void {
  checkCounts({ version, maxCheckpointBytes, maxStoredBytes });
  checkDurations({
    maxWaitMs: { value: maxWaitMs, least: 0, most: Number.MAX_SAFE_INTEGER },
    maxRunMs: { value: maxRunMs, least: 1 },
  });
  check(
    maxRunMs === undefined || retry !== undefined,
    '`maxRunMs` hands a task over, so it needs `retry`. To end a task after a time, use `deadlineMs`.',
  );
  if (retry === undefined) return;
  check(
    isRecord(retry),
    '`retry` must be an object of the form `{ attempts?, maxTotal?, backoffMs?, when? }`; `{}` makes up to three attempts.',
  );
  const { attempts, maxTotal, backoffMs, when } = retry as Partial<Record<string, unknown>>;
  checkCounts({ 'retry.attempts': attempts, 'retry.maxTotal': maxTotal });
  const isTime = typeof backoffMs === 'number' && backoffMs >= 0 && backoffMs < Infinity;
  check(
    backoffMs === undefined || typeof backoffMs === 'function' || isTime,
    '`retry.backoffMs` must be a number of milliseconds of 0 or more, or a function that gives one.',
  );
  check(
    when === undefined || typeof when === 'function',
    '`retry.when` must be a function that tells whether an error is worth another attempt.',
  );
}

/**
 * A later attempt may be made by a process that does not have the route.
 *
 * @throws TaskError `invalid-options`.
 */
export function checkRouteTransformer(
  { name, retry, transformer }: PlainDefinition,
  ofRoute: unknown,
): void {
  check(
    !retry || !ofRoute || ofRoute === transformer,
    `The task \`${name}\` has \`retry\`, so pass its \`transformer\` to \`defineTask\`, and not to the route: later attempts have no route.`,
  );
}

/** @throws TaskError `invalid-options` that says what `defineTask` takes. */
export function checkDefinition(options: unknown): void {
  const { name, execute, input, partial, checkpoint, dataPartSchemas } = Object(options);
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
  checkSchema(checkpoint, 'checkpoint');
  checkFunctions(Object(options));
  checkAttempts(Object(options));
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
