// The server of a host that has pasted what docs/chat.md shows, and nothing of its own.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as loading from 'recipe:app/api/chats/[id]/route.ts';
import * as stream from 'recipe:app/api/chats/[id]/stream/route.ts';
import * as chat from 'recipe:app/api/chats/route.ts';
import { type TaskRoute, toNodeHandler } from 'ai-task-stream/server';

const { PORT = '0', RECIPE_PAGE = '' } = process.env;

const html = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';

/** `/api/chats`, `/api/chats/:id` and `/api/chats/:id/stream`. */
function routeOf(path: string): Partial<TaskRoute> | undefined {
  const [, api, name, id, rest] = path.split('/');
  if (api !== 'api' || name !== 'chats') return undefined;
  if (id === undefined) return { POST: chat.POST };
  const context = { params: Promise.resolve({ id }) };
  const load = (request: Request) => loading.GET(request, context);
  const follow = (request: Request) => stream.GET(request, context);
  const cancel = (request: Request) => stream.DELETE(request, context);
  return rest === undefined ? { GET: load } : { GET: follow, DELETE: cancel };
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://host');
  const route = routeOf(pathname);
  if (route) return toNodeHandler(route as TaskRoute)(request, response);
  if (pathname === '/page.js') {
    response.setHeader('content-type', 'text/javascript').end(readFileSync(RECIPE_PAGE));
  } else if (pathname === '/') response.setHeader('content-type', 'text/html').end(html);
  else response.writeHead(204).end();
});

server.listen(Number(PORT), '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
