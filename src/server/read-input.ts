import type { StandardSchemaV1 } from '@standard-schema/spec';
import { TaskError } from '../protocol/task-error';
import { checkJson } from './http/check-json';
import { schemaIssues } from './http/schema-issues';
import type { TaskTransformer } from './task/task-options';

/** @throws TaskError `invalid-input`. */
function decodeInput(
  input: unknown,
  transformer: Pick<TaskTransformer, 'parse'> | undefined,
): unknown {
  if (!transformer || input === undefined) return input;
  try {
    if (typeof input === 'string') return transformer.parse(input);
  } catch {
    // The text is not of the transformer's form: the error below tells so.
  }
  throw new TaskError({
    code: 'invalid-input',
    message: 'The input is not what the `transformer` makes of one. Use the same on the page.',
  });
}

/** An input as a page would send it: with a transformer that decodes, its text. */
export function encodeInput(
  input: unknown,
  transformer: Partial<TaskTransformer> | undefined,
): unknown {
  const { stringify, parse } = transformer ?? {};
  return input !== undefined && stringify && parse ? stringify.call(transformer, input) : input;
}

/** The transformer of a definition or a route, if it can decode inputs. */
export function inputDecoder(
  transformer: Partial<TaskTransformer> | undefined,
): Pick<TaskTransformer, 'parse'> | undefined {
  const { parse } = transformer ?? {};
  return parse && { parse: (text) => parse.call(transformer, text) };
}

/**
 * Decodes and checks an input; resolves with what `execute` gets.
 *
 * @throws TaskError `invalid-input`, with the schema's issues as `details`.
 */
export async function readInput(
  given: unknown,
  {
    schema,
    transformer,
  }: {
    schema: StandardSchemaV1 | undefined;
    transformer: Pick<TaskTransformer, 'parse'> | undefined;
  },
): Promise<unknown> {
  const input = decodeInput(given, transformer);
  if (transformer) checkJson(input, 'invalid-input');
  if (!schema) return input;
  const checked = await schema['~standard'].validate(input);
  if (!checked.issues) return checked.value;
  throw new TaskError({
    code: 'invalid-input',
    message: 'The input does not fit. See the issues in `details`.',
    details: { issues: schemaIssues(checked.issues) },
  });
}
