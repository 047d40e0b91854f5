import { createServer } from 'node:http';
import { createCompletion } from './local-model/chat-completions.mjs';
import { createEventWriter } from './local-model/event-writer.mjs';
import { createResponse } from './local-model/responses.mjs';

/**
 * One request to the endpoint, and how its answer ended.
 *
 * @typedef {{
 *   topic: string,
 *   kind: 'outline' | 'report' | 'answer' | 'closing',
 *   outcome: 'open' | 'completed' | 'failed' | 'disconnected',
 * }} ModelRequest
 */

const services = {
  '/v1/chat/completions': createCompletion,
  '/v1/responses': createResponse,
};

/**
 * A loopback endpoint that speaks OpenAI's streaming protocols for chat completions and responses,
 * so that the demo runs the real provider code without an API key. The endpoint answers the same
 * words in the same way each time, and breaks off in the middle when they contain "fail".
 *
 * @param {object} [options]
 * @param {number} [options.wordsPerSecond] How fast the endpoint writes. Default 22.
 * @param {(word: {
 *   kind: import('./local-model/event-writer.mjs').WordKind,
 *   done: number,
 * }) => Promise<void> | void} [options.beforeWord]
 *   Awaited before each word; `done` is the share of the text that is written, 0 to 1.
 * @returns {Promise<{
 *   baseURL: string,
 *   requests: readonly ModelRequest[],
 *   close: () => Promise<void>,
 * }>}
 */
export async function startLocalOpenAI({ wordsPerSecond = 22, beforeWord = () => {} } = {}) {
  /** @type {ModelRequest[]} */
  const requests = [];

  // After an abort, Node's `fetch` opens a connection in advance; an unused one is dropped soon.
  const timeouts = { headersTimeout: 1_000, connectionsCheckingInterval: 250 };
  const server = createServer(timeouts, (request, response) => {
    const create = request.method === 'POST' ? services[request.url] : undefined;
    if (!create) {
      refuse(response, 404, `Only POST ${Object.keys(services).join(' and ')} is served here.`);
      return;
    }
    answer(request, response, create).catch((error) => {
      if (response.headersSent) response.destroy(error);
      else refuse(response, 400, error.message);
    });
  });

  async function answer(request, response, create) {
    const body = JSON.parse(await readText(request));
    if (!body.stream) throw new Error('Only streaming is served here.');
    const { topic, kind, answer: write } = create(body);
    const entry = { topic, kind, outcome: 'open' };
    const number = requests.push(entry);
    const writer = createEventWriter({ response, wordsPerSecond, beforeWord });
    entry.outcome = await write(writer, number);
    response.end();
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

function refuse(response, status, message) {
  const error = { message, type: 'invalid_request_error', param: null, code: null };
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
}
