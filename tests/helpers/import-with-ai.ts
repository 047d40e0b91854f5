import { vi } from 'vitest';

/** Imports fresh copies of modules, for which `ai` is the given version. */
export async function importWithAi<Modules>(
  importAi: () => Promise<unknown>,
  importModules: () => Promise<Modules>,
): Promise<Modules> {
  vi.resetModules();
  const ai = (await importAi()) as typeof import('ai');
  vi.doMock('ai', () => ai);
  const modules = await importModules();
  vi.doUnmock('ai');
  return modules;
}
