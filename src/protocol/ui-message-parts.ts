/** A part, or a chunk, with the fields that the AI SDK's types share out among their kinds. */
export type Draft = Readonly<Record<string, unknown>> & { readonly type: string };

/** Parts in their order. */
export interface Drafts extends ReadonlyArray<Draft> {
  /** Of ES2023, which the AI SDK needs as well; our compiler knows ES2022 only. */
  findLastIndex(matches: (part: Draft, index: number) => boolean): number;
}

/** Where the current step begins: after its `step-start`, or at 0. */
export function stepStartIndex(parts: Drafts): number {
  return parts.findLastIndex(({ type }) => type === 'step-start') + 1;
}

/** A copy with the part put at `index`, or at the end when `index` is negative. */
export function putPart(parts: Drafts, index: number, part: Draft): readonly Draft[] {
  const copy = [...parts];
  copy[index < 0 ? parts.length : index] = part;
  return copy;
}
