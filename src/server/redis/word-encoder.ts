/** A word of a command. */
export type RedisWord = string | Buffer;

/** Words of so many characters and more travel as bytes. */
const minLength = 4 * 1024;

/** Of a command's words so many bytes at most find room in memory that is used again. */
const maxBytes = 1024 * 1024;

/** So much memory is kept for later commands. */
const maxSpareBuffers = 4;

interface EncodedWords {
  readonly words: RedisWord[];
  /** Gives the memory back. For a command that was answered; all others may still be on their way. */
  release(): void;
}

/**
 * Encodes the long words of commands. A socket that gets long strings makes memory for each of
 * them, three bytes for a character, and to fetch that from the system takes longer than the rest
 * of the command.
 */
export function createWordEncoder(): { encode(words: readonly string[]): EncodedWords } {
  const spare: Buffer[] = [];

  return {
    encode(words) {
      let buffer: Buffer | undefined;
      let end = 0;
      const encodeLong = (word: string): Buffer => {
        // A UTF-16 code unit is three bytes at most.
        if (end + word.length * 3 > maxBytes) return Buffer.from(word);
        buffer ??= spare.pop() ?? Buffer.allocUnsafeSlow(maxBytes);
        const start = end;
        end += buffer.write(word, start);
        return buffer.subarray(start, end);
      };
      return {
        words: words.map((word) => (word.length < minLength ? word : encodeLong(word))),
        release() {
          if (buffer && spare.length < maxSpareBuffers) spare.push(buffer);
          buffer = undefined;
        },
      };
    },
  };
}
