import type { BodySink, BodySource } from './body-source';
import { textSourceOf } from './byte-stream';
import { isLastOfConnection } from './closing-connections';

/** What is needed of Node's `ServerResponse`; raw responses of Express and Fastify have it, too. */
export interface NodeResponse {
  statusCode: number;
  readonly destroyed?: boolean;
  readonly writableEnded: boolean;
  /** Set over HTTP/2, where the response has no `destroyed` of its own. */
  readonly stream?: { readonly destroyed: boolean };
  /** The request that is answered. */
  readonly req?: { readonly method?: string };
  setHeader(name: string, value: string | string[]): unknown;
  flushHeaders?(): void;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  destroy(): unknown;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
  /** Added by the `compression` middleware. */
  flush?(): void;
}

/** Headers about one connection. HTTP/2 has none of them (RFC 9113, 8.2.2), and Node warns of them. */
const connectionHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

function sendHead(response: Response, target: NodeResponse): void {
  target.statusCode = response.status;
  // Over HTTP/1 they pass; whether a connection is kept alive, Node says by itself.
  response.headers.forEach((value, name) => {
    if (target.stream === undefined || !connectionHeaders.has(name)) target.setHeader(name, value);
  });
  if (target.stream === undefined && isLastOfConnection(response)) {
    target.setHeader('connection', 'close');
  }
  // `set-cookie` is the only header whose values cannot be joined into one line.
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) target.setHeader('set-cookie', cookies);
  target.flushHeaders?.();
}

function streamSource(body: ReadableStream<Uint8Array> | null): BodySource<Uint8Array> {
  const reader = body?.getReader();
  let sink: BodySink<Uint8Array>;
  return {
    start(to) {
      sink = to;
    },
    async pull() {
      const step = await reader?.read();
      if (step?.value) sink.write(step.value);
      else sink.end();
    },
    // The body may have failed meanwhile, which does not matter to a client that has left.
    cancel: () => void reader?.cancel().catch(() => {}),
  };
}

const encoder = new TextEncoder();

/** The text encoded last, because readers of one task are sent the same text one after the other. */
let newest = { text: '', bytes: new Uint8Array() };

function encode(text: string): Uint8Array {
  if (text !== newest.text) newest = { text, bytes: encoder.encode(text) };
  return newest.bytes;
}

function cut(target: NodeResponse, error: unknown): void {
  console.error('ai-task-stream: a response was cut, because its body failed:', error);
  target.destroy();
}

async function send(
  source: BodySource<string> | BodySource<Uint8Array>,
  target: NodeResponse,
): Promise<void> {
  let isOver = false;
  let hasRoom = true;
  let wake = () => {};
  const sink: BodySink<string | Uint8Array> = {
    write(content) {
      if (isOver) return;
      hasRoom = target.write(typeof content === 'string' ? encode(content) : content);
      target.flush?.();
    },
    end() {
      isOver = true;
      wake();
    },
    isFull: () => !hasRoom,
  };
  const onDrain = () => {
    hasRoom = true;
    wake();
  };
  const onClose = () => {
    isOver = true;
    source.cancel();
    wake();
  };
  target.on('close', onClose);
  // One listener for all waits, because `compression` never removes it from its own stream.
  target.on('drain', onDrain);
  try {
    source.start(sink);
    while (!isOver) {
      await source.pull();
      if (hasRoom || isOver) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (!target.writableEnded) target.end();
  } catch (error) {
    cut(target, error);
  } finally {
    target.off('close', onClose);
    target.off('drain', onDrain);
  }
}

/**
 * Sends a web `Response` over a Node response: flushes through compression, waits while the socket
 * is full, and leaves the body when the client has left, or has sent HEAD. When the body fails, the
 * connection is cut, so that the client asks for the rest. Never rejects.
 */
export function pipeToNodeResponse(response: Response, target: NodeResponse): Promise<void> {
  // No `async` function: that would keep the response for as long as its body is sent.
  try {
    const source = textSourceOf(response.body) ?? streamSource(response.body);
    const hasLeft = target.destroyed || target.stream?.destroyed;
    if (!hasLeft) sendHead(response, target);
    if (!hasLeft && target.req?.method !== 'HEAD') return send(source, target);
    source.cancel();
    if (!target.writableEnded) target.end();
  } catch (error) {
    cut(target, error);
  }
  return Promise.resolve();
}
