import { createServer } from 'node:http';
import { composeOutline, composeSection } from './lib/compose-report.mjs';

/**
 * One completion that the endpoint was asked for, and how its answer ended.
 *
 * @typedef {{
 *   topic: string,
 *   kind: 'outline' | 'report',
 *   outcome: 'open' | 'completed' | 'failed' | 'disconnected',
 * }} ModelRequest
 */

/**
 * A loopback endpoint that speaks OpenAI's streaming protocol for chat completions, so that the
 * demo runs the real provider code without an API key. It understands the two prompts of
 * `lib/write-report.ts`, and breaks off in the middle when the topic contains the word "fail".
 *
 * @param {object} [options]
 * @param {number} [options.wordsPerSecond] How fast it writes. Default 22.
 * @param {(word: { kind: ModelRequest['kind'], done: number }) => Promise<void> | void} [options.beforeWord]
 *   Awaited before each word; `done` is the share that is written, 0 to 1.
 * @returns {Promise<{
 *   baseURL: string,
 *   requests: readonly ModelRequest[],
 *   close: () => Promise<void>,
 * }>}
 */
export async function startLocalOpenAI({ wordsPerSecond = 22, beforeWord = () => {} } = {}) {
  /** @type {ModelRequest[]} */
  const requests = [];

  // Node's `fetch` connects ahead after an abort; what it then does not use is dropped soon.
  const timeouts = { headersTimeout: 1_000, connectionsCheckingInterval: 250 };
  const server = createServer(timeouts, (request, response) => {
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
      refuse(response, 404, 'Only POST /v1/chat/completions is served here.');
      return;
    }
    answer(request, response).catch((error) => {
      if (response.headersSent) response.destroy(error);
      else refuse(response, 400, error.message);
    });
  });

  async function answer(request, response) {
    const { model, stream, messages } = JSON.parse(await readText(request));
    if (!stream) throw new Error('Only streaming completions are served here.');
    const prompt = messages.map(({ content }) => textOf(content)).join('\n');
    const topic = /^Topic: (.*)$/m.exec(prompt)?.[1]?.trim();
    if (!topic) throw new Error('The prompt has to name its topic in a line "Topic: …".');
    const sections = [...prompt.matchAll(/^- (.+)$/gm)].map(([, title]) => title);
    const entry = { topic, kind: sections.length ? 'report' : 'outline', outcome: 'open' };
    const id = `chatcmpl-${requests.push(entry)}`;

    const left = new AbortController();
    const hasLeft = new Promise((resolve) => {
      response.once('close', () => resolve(left.abort()));
    });

    const text = sections.length
      ? sections.map((title) => composeSection(topic, title)).join('\n\n')
      : composeOutline(topic).join('\n');
    const words = text.match(/\s*\S+/g) ?? [];
    const failsAt =
      sections.length && /\bfail/i.test(topic) ? Math.floor(words.length * 0.4) : undefined;

    const chunk = (fields) => ({
      id,
      object: 'chat.completion.chunk',
      created: Math.floor(Date.now() / 1000),
      model,
      ...fields,
    });
    const delta = (content) =>
      chunk({ choices: [{ index: 0, delta: content, logprobs: null, finish_reason: null }] });

    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      connection: 'close',
    });
    await send(response, delta({ role: 'assistant', content: '' }), left.signal);
    // A model thinks before its first word.
    await sleep(18_000 / wordsPerSecond, left.signal);
    const startedAt = performance.now();
    for (const [index, word] of words.entries()) {
      if (index === failsAt) break;
      // By the clock rather than by a pause per word: timers are too coarse for fast runs.
      const dueInMs = startedAt + (index * 1000) / wordsPerSecond - performance.now();
      if (dueInMs >= 1) await sleep(dueInMs, left.signal);
      await Promise.race([beforeWord({ kind: entry.kind, done: index / words.length }), hasLeft]);
      if (left.signal.aborted) break;
      await send(response, delta({ content: word }), left.signal);
    }
    if (left.signal.aborted) {
      entry.outcome = 'disconnected';
      return;
    }
    if (failsAt !== undefined) {
      entry.outcome = 'failed';
      const error = {
        message: 'The server had an error while writing.',
        type: 'server_error',
        param: null,
        code: null,
      };
      await send(response, { error }, left.signal);
      response.end();
      return;
    }
    const usage = { prompt_tokens: prompt.length >> 2, completion_tokens: words.length };
    entry.outcome = 'completed';
    await send(
      response,
      chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
      left.signal,
    );
    await send(
      response,
      chunk({
        choices: [],
        usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
      }),
      left.signal,
    );
    response.end('data: [DONE]\n\n');
  }

  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    baseURL: `http://127.0.0.1:${server.address().port}/v1`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readText(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

/** Message content is a string, or a list of parts. */
function textOf(content) {
  return typeof content === 'string' ? content : content.map(({ text }) => text ?? '').join('');
}

function refuse(response, status, message) {
  const error = { message, type: 'invalid_request_error', param: null, code: null };
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
}

/** Writes one event; resolves when there is room for the next, or when the client has left. */
async function send(response, event, signal) {
  if (signal.aborted || response.write(`data: ${JSON.stringify(event)}\n\n`)) return;
  await new Promise((resolve) => {
    response.once('drain', resolve);
    signal.addEventListener('abort', resolve, { once: true });
  });
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
