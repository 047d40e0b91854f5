/**
 * What a model is writing: the parts of a report, or those of an answer in a chat.
 *
 * @typedef {'outline' | 'report' | 'reasoning' | 'answer' | 'closing'} WordKind
 */

/**
 * Writes Server-Sent Events at the pace of a model.
 *
 * @param {object} options
 * @param {import('node:http').ServerResponse} options.response
 * @param {number} options.wordsPerSecond
 * @param {(word: { kind: WordKind, done: number }) => Promise<void> | void} options.beforeWord
 */
export function createEventWriter({ response, wordsPerSecond, beforeWord }) {
  const left = new AbortController();
  const { signal } = left;
  const hasLeft = new Promise((resolve) => {
    response.once('close', () => resolve(left.abort()));
  });
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    connection: 'close',
  });

  /** Sends an event's data. Resolves when there is room for more, or when the client has left. */
  const sendData = async (data) => {
    if (signal.aborted || response.write(`data: ${data}\n\n`)) return;
    await new Promise((resolve) => {
      response.once('drain', resolve);
      signal.addEventListener('abort', resolve, { once: true });
    });
  };

  const send = (event) => sendData(JSON.stringify(event));

  return {
    send,
    /** The mark that ends chat completions. */
    sendDone: () => sendData('[DONE]'),
    /** Whether the client has left. */
    get isLeft() {
      return signal.aborted;
    },
    /** Waits as long as a model thinks before its first word. */
    think: () => sleep(18_000 / wordsPerSecond, signal),
    /**
     * Sends a text word by word, as the events that `toEvent` makes of the words, until the client
     * leaves or the share `until` of the text, 0 to 1, is written.
     *
     * @param {string} text
     * @param {{ kind: WordKind, until?: number, toEvent: (word: string) => object }} options
     */
    async write(text, { kind, until = 1, toEvent }) {
      const words = wordsOf(text);
      const end = Math.floor(words.length * until);
      const startedAt = performance.now();
      for (const [index, word] of words.slice(0, end).entries()) {
        // Each word is due by the clock, because timers are too coarse for one pause per word.
        const dueInMs = startedAt + (index * 1000) / wordsPerSecond - performance.now();
        if (dueInMs >= 1) await sleep(dueInMs, signal);
        await Promise.race([beforeWord({ kind, done: index / words.length }), hasLeft]);
        if (signal.aborted) return;
        await send(toEvent(word));
      }
    },
  };
}

/**
 * The words of a text, each with the space before it.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function wordsOf(text) {
  return text.match(/\s*\S+/g) ?? [];
}

/** Resolves after the time, or as soon as the client has left. */
function sleep(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
