import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { TaskUIDataTypes } from './task-parts';

type Schemas = { [Name in keyof TaskUIDataTypes]: StandardSchemaV1<TaskUIDataTypes[Name]> };

type PrefixedSchemas = { [Name in keyof Schemas as `data-${Name}`]: Schemas[Name] };

/** The fields that a part must have beside `taskId`, by part name: strings, then numbers. */
const requiredFields: Record<keyof Schemas, [strings: string[], numbers: string[]]> = {
  task: [['status'], ['createdAt', 'updatedAt']],
  'task-log': [
    ['level', 'message'],
    ['index', 'at'],
  ],
  'task-partial': [[], ['index']],
  'task-heartbeat': [[], ['at', 'intervalMs']],
  'task-checkpoint': [[], ['index']],
  'task-rewind': [[], ['attempt', 'checkpoint', 'logs', 'partials']],
  'task-error': [['code', 'message'], []],
  'task-settle': [['status'], ['durationMs', 'settledAt']],
};

function schemaOf([strings, numbers]: [string[], string[]]): StandardSchemaV1 {
  const validate = (value: unknown): StandardSchemaV1.Result<unknown> => {
    const data: Record<string, unknown> = Object(value);
    const lacking =
      ['taskId', ...strings].find((name) => typeof data[name] !== 'string') ??
      numbers.find((name) => typeof data[name] !== 'number');
    return lacking
      ? { issues: [{ message: 'Missing or of a wrong type', path: [lacking] }] }
      : { value };
  };
  return { '~standard': { version: 1, vendor: 'ai-task-stream', validate } };
}

/**
 * Standard Schemas of our data parts, for the AI SDK's `dataPartSchemas` and `validateUIMessages`.
 * Keyed both by the bare name (`task`) and with the prefix (`data-task`): while it reads a stream,
 * AI SDK 6 looks up the prefixed name, and AI SDK 7 the bare one.
 */
export const taskDataPartSchemas: Schemas & PrefixedSchemas = Object.fromEntries(
  Object.entries(requiredFields).flatMap(([name, fields]) => {
    const schema = schemaOf(fields);
    return [
      [name, schema],
      [`data-${name}`, schema],
    ];
  }),
) as Schemas & PrefixedSchemas;
