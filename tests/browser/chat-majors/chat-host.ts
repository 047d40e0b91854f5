import type { ServerResponse } from 'node:http';
import type { UIMessage } from 'ai';
import type { TaskStreamContext } from 'ai-task-stream/server';
import { startHttpServer } from '../../helpers/http-server';
import { bundlePage } from './bundle-page';
import { type ChatRoutesOptions, createChatRoutes } from './chat-routes';

/** A request of the page, as the server got it. */
interface HostRequest {
  method: string;
  path: string;
}

/** Answers in the place of the routes when it returns true. */
type Intercept = (request: HostRequest, response: ServerResponse) => boolean | Promise<boolean>;

/** The host of one chat page: its server, and its database. */
export interface ChatHost {
  readonly address: string;
  readonly store: ReadonlyMap<string, UIMessage[]>;
  /** In front of the routes. */
  intercept: Intercept;
  /** In front of the model; what it throws fails the task. */
  beforeAnswer: () => void;
  /** Breaks all connections. */
  cut(): void;
  /** Breaks all connections, and takes no new ones until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** The next `start` brings another instance, which has a stream context of its own. */
  replaceInstance(): void;
  close(): Promise<void>;
}

const html = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';

export async function startChatHost({
  createStreamContext,
  ...options
}: Omit<ChatRoutesOptions, 'streamContext' | 'store' | 'beforeAnswer'> & {
  createStreamContext: () => TaskStreamContext;
}): Promise<ChatHost> {
  const { toNodeHandler } = options.major.server;
  const script = await bundlePage(options.major.major);
  const store = new Map<string, UIMessage[]>();
  const streamContexts: TaskStreamContext[] = [];

  const createInstance = () => {
    const streamContext = createStreamContext();
    streamContexts.push(streamContext);
    return toNodeHandler(
      createChatRoutes({
        ...options,
        streamContext,
        store,
        beforeAnswer: () => host.beforeAnswer(),
      }),
    );
  };
  let handle = createInstance();

  const { origin, cut, stop, start } = await startHttpServer(async (message, response) => {
    const { method = '', url = '' } = message;
    const { pathname: path } = new URL(url, 'http://host');
    const [, , name, id = ''] = path.split('/');
    if (path === '/') return response.setHeader('content-type', 'text/html').end(html);
    if (path === '/page.js') {
      response.setHeader('cache-control', 'max-age=3600');
      return response.setHeader('content-type', 'text/javascript').end(script);
    }
    if (name === 'chats') {
      // A page that is come back to would else have what was kept when it was left.
      response.setHeader('cache-control', 'no-store');
      return response.end(JSON.stringify(store.get(id) ?? []));
    }
    if (name !== 'chat') return response.writeHead(204).end();
    if (!(await host.intercept({ method, path }, response))) await handle(message, response);
  });

  const host: ChatHost = {
    address: origin,
    store,
    intercept: () => false,
    beforeAnswer: () => {},
    cut,
    stop,
    start,
    replaceInstance() {
      handle = createInstance();
    },
    async close() {
      await stop();
      for (const streamContext of streamContexts) await streamContext.close();
    },
  };
  return host;
}
