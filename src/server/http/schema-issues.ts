import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What a schema has found wrong, as plain data for a client. */
export function schemaIssues(
  issues: readonly StandardSchemaV1.Issue[],
): { message: string; path: string[] | undefined }[] {
  return issues.map(({ message, path }) => ({
    message,
    path: path?.map((key) => String(typeof key === 'object' ? key.key : key)),
  }));
}
