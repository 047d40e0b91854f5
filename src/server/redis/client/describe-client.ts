import type { RedisClient } from './resolve-connection';

/** What clients of both packages keep of how they were made; `startupNodes` only in a cluster. */
interface Description {
  readonly options?: object;
  readonly startupNodes?: unknown;
}

/** Options of the `redis` package that are long, and the same for all clients. */
const commandSets = new Set(['modules', 'functions', 'scripts']);

/**
 * How a client was made, as text: clients with the same text connect to the same Redis in the same
 * way. `undefined` when it cannot be told.
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
    // Something in the options refers to itself, such as an agent.
    return undefined;
  }
}
