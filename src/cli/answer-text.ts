/** Passes on the text that a task streams. */
export interface AnswerText {
  take(chunk: { type: string }): void;
  /** Ends a line that is under way. */
  end(): void;
}

/** Passes each piece of text on as it comes, with an empty line between two texts. */
export function createAnswerText({ write }: { write: (text: string) => void }): AnswerText {
  let hasText = false;
  let isMidLine = false;
  const end = () => {
    if (isMidLine) write('\n');
    isMidLine = false;
  };
  return {
    take(chunk) {
      if (chunk.type === 'text-start' && hasText) {
        end();
        write('\n');
        hasText = false;
      }
      if (chunk.type !== 'text-delta') return;
      const delta: unknown = Reflect.get(chunk, 'delta');
      if (typeof delta !== 'string' || delta === '') return;
      write(delta);
      hasText = true;
      isMidLine = !delta.endsWith('\n');
    },
    end,
  };
}
