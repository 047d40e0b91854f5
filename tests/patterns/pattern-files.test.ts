import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../examples/patterns/', import.meta.url));
const patterns = readdirSync(folder).filter((name) => name.endsWith('.ts'));

describe('the patterns', () => {
  it('are eight', () => {
    expect(patterns).toHaveLength(8);
  });

  it.each(patterns)('keep %s within 40 lines', (name) => {
    expect(
      readFileSync(folder + name, 'utf8')
        .trimEnd()
        .split('\n').length,
    ).toBeLessThan(41);
  });
});
