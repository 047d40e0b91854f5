/** A part or a chunk of any kind, with fields that the AI SDK types for each kind apart. */
export type Draft = Readonly<Record<string, unknown>> & { readonly type: string };

/** The parts of a message, in their order. */
export interface Drafts extends ReadonlyArray<Draft> {
  /** Of ES2023, which the AI SDK needs, too; declared because our compiler is set to ES2022. */
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
