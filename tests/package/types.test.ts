import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TypedPage } from './typed-page';
import { report } from './typed-task';

it('a page gets input, result, partial results and steps from the type of a task', () => {
  // By `npm run typecheck`, which compiles what the two files expect, errors and all.
  expect(TypedPage).toBeTypeOf('function');
  expect(report.options.name).toBe('report');
});

it('and imports no code for that', () => {
  const page = readFileSync(new URL('./typed-page.ts', import.meta.url), 'utf8');
  expect(page).toContain("import type { nightly, report, untyped } from './typed-task';");
  expect(page.match(/from '.*typed-task'/g)).toHaveLength(1);
});
