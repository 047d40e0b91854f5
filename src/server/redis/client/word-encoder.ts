/** A word of a command. */
export type RedisWord = string | Buffer;

/** From how many characters on a word is sent as bytes. */
const minLength = 4 * 1024;

/** The size of the slabs in which memory is taken, and how many unused slabs are kept. */
const slabBytes = 1024 * 1024;
const maxSpareSlabs = 4;

/** Memory for the words of one or several commands. */
interface Slab {
  readonly buffer: Buffer;
  /** Where free space begins. */
  end: number;
  /** How many commands have words in this slab. */
  users: number;
}

interface EncodedWords {
  readonly words: RedisWord[];
  /** Gives the memory back. Only for a command that was answered: others may still be being sent. */
  release(): void;
}

/**
 * Encodes the long words of commands into reused memory. A socket that gets long strings allocates
 * three bytes per character for each of them, which takes longer than the rest of the command.
 */
export function createWordEncoder(): { encode(words: readonly string[]): EncodedWords } {
  const spare: Slab[] = [];
  // The slab that takes the next words.
  let current: Slab | undefined;

  /** A slab with room for `bytes` bytes. */
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
        // A UTF-16 code unit takes three bytes at most.
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
