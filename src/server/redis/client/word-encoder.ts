/** A word of a command. */
export type RedisWord = string | Buffer;

/** Words of so many characters and more travel as bytes. */
const minLength = 4 * 1024;

/** Memory is taken in slabs of so many bytes; of those that nobody uses, so many are kept. */
const slabBytes = 1024 * 1024;
const maxSpareSlabs = 4;

/** Memory for the words of one or several commands. */
interface Slab {
  readonly buffer: Buffer;
  /** Where free space begins. */
  end: number;
  /** How many commands have words here. */
  users: number;
}

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
  const spare: Slab[] = [];
  // Where the next words go.
  let current: Slab | undefined;

  /** A slab with room for so many bytes. */
  const slabFor = (bytes: number): Slab => {
    if (current && current.end + bytes <= slabBytes) return current;
    current = spare.pop() ?? { buffer: Buffer.allocUnsafeSlow(slabBytes), end: 0, users: 0 };
    return current;
  };

  const leave = (slab: Slab) => {
    slab.users--;
    if (slab.users > 0) return;
    slab.end = 0;
    if (slab !== current && spare.length < maxSpareSlabs) spare.push(slab);
  };

  return {
    encode(words) {
      const used = new Set<Slab>();
      const encodeLong = (word: string): Buffer => {
        // A UTF-16 code unit is three bytes at most.
        const maxBytes = word.length * 3;
        if (maxBytes > slabBytes) return Buffer.from(word);
        const slab = slabFor(maxBytes);
        if (!used.has(slab)) slab.users++;
        used.add(slab);
        const start = slab.end;
        slab.end += slab.buffer.write(word, start);
        return slab.buffer.subarray(start, slab.end);
      };
      return {
        words: words.map((word) => (word.length < minLength ? word : encodeLong(word))),
        release() {
          for (const slab of used) leave(slab);
          used.clear();
        },
      };
    },
  };
}
