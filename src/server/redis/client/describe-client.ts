import type { RedisClient } from './resolve-connection';

/** What both packages keep of how a client was made; `startupNodes` are those of a cluster. */
interface Description {
  readonly options?: object;
  readonly startupNodes?: unknown;
}

/** Of the `redis` package, the same for all clients, and long. */
const commandSets = new Set(['modules', 'functions', 'scripts']);

/**
 * How a client was made, as text: clients of the same text connect to the same. `undefined` when
 * that cannot be told.
 */
export function describeClient(client: RedisClient): string | undefined {
  const { options, startupNodes }: Description = client as object;
  if (!options) return undefined;
  try {
    return JSON.stringify([options, startupNodes], (name, value: unknown) => {
      if (commandSets.has(name)) return undefined;
      return typeof value === 'function' ? String(value) : value;
    });
  } catch {
    // Something of them has a circle, such as an agent.
    return undefined;
  }
}
