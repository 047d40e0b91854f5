import { isRecord } from './is-record';

/** Merges message metadata as the AI SDK does: objects deeply, arrays and primitives replaced. */
export function mergeMetadata(base: unknown, overrides: unknown): unknown {
  if (overrides === undefined) return base;
  if (!isRecord(base) || !isRecord(overrides)) return overrides;
  const merged = { ...base };
  for (const [key, value] of Object.entries(overrides)) {
    // Metadata comes from the network, and assigning to `__proto__` would not make a property.
    if (key !== '__proto__') merged[key] = mergeMetadata(base[key], value);
  }
  return merged;
}
