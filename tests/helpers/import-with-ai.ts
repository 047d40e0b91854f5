import { vi } from 'vitest';

/** Imports fresh copies of modules, for which `ai` is the given version, and its React hooks, too. */
export async function importWithAi<Modules>(
  importAi: () => Promise<unknown>,
  importModules: () => Promise<Modules>,
  aiReact?: typeof import('@ai-sdk/react'),
): Promise<Modules> {
  vi.resetModules();
  const ai = (await importAi()) as typeof import('ai');
  vi.doMock('ai', () => ai);
  if (aiReact) vi.doMock('@ai-sdk/react', () => aiReact);
  const modules = await importModules();
  vi.doUnmock('ai');
  vi.doUnmock('@ai-sdk/react');
  return modules;
}
