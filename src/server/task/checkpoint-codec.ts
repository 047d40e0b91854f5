import type { TaskTransformer } from './task-options';

/** How the values of checkpoints are made what JSON can carry, and back. */
export interface CheckpointCodec {
  encode(value: unknown): unknown;
  /** Takes the JSON that was stored. */
  decode(json: string): unknown;
}

/** A transformer that cannot decode leaves checkpoints as they are. */
export function checkpointCodec(
  transformer: Partial<TaskTransformer> | undefined,
): CheckpointCodec {
  const { stringify, parse } = transformer ?? {};
  if (!stringify || !parse) return { encode: (value) => value, decode: JSON.parse };
  return {
    encode: (value) => stringify.call(transformer, value),
    decode: (json) => parse.call(transformer, JSON.parse(json)),
  };
}
