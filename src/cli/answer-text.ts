import { createWholeCharacters, type WholeCharacters } from './whole-characters';

/** Passes on the text that a task streams. */
export interface AnswerText {
  take(chunk: { type: string }): void;
  /** Prints what is held back of a text, and ends a line that is under way. */
  end(): void;
}

/** Passes each piece of text on as it comes, with an empty line between two texts. */
export function createAnswerText({ write }: { write: (text: string) => void }): AnswerText {
  let hasText = false;
  let isMidLine = false;
  // The texts that are under way, by their ids.
  const texts = new Map<unknown, WholeCharacters>();

  const print = (text: string) => {
    if (text === '') return;
    write(text);
    hasText = true;
    isMidLine = !text.endsWith('\n');
  };
  const end = () => {
    for (const text of texts.values()) print(text.end());
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
      const id: unknown = Reflect.get(chunk, 'id');
      if (chunk.type === 'text-end') {
        print(texts.get(id)?.end() ?? '');
        texts.delete(id);
      }
      if (chunk.type !== 'text-delta') return;
      const delta: unknown = Reflect.get(chunk, 'delta');
      if (typeof delta !== 'string') return;
      const text = texts.get(id) ?? createWholeCharacters();
      texts.set(id, text);
      print(text.add(delta));
    },
    end,
  };
}
