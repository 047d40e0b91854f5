// R-HTTP-4, R-HTTP-9: what others see of a task is compared byte by byte with what they see of one that never was.
import {
  createTaskRoute,
  defineTask,
  type TaskStreamContext,
  toNodeHandler,
} from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { createDeferred } from '../helpers/async';
import { withServer } from '../helpers/http-server';
import { rawRequest, sendRaw } from '../helpers/raw-http';
import { createId } from '../helpers/tasks';

type Ask = (taskId: string, user: string | undefined) => Uint8Array;

const common = (user: string | undefined) => [
  'Host: localhost',
  'Connection: close',
  ...(user === undefined ? [] : [`X-User: ${user}`]),
];

function send(method: string, path: (taskId: string) => string, ...headers: string[]): Ask {
  return (taskId, user) =>
    rawRequest([`${method} ${path(taskId)} HTTP/1.1`, ...common(user), ...headers]);
}

const post: Ask = (taskId, user) => {
  const body = JSON.stringify({ taskId });
  const headers = ['Content-Type: application/json', `Content-Length: ${body.length}`];
  return rawRequest(['POST / HTTP/1.1', ...common(user), ...headers], body);
};

const get = send('GET', (taskId) => `/?taskId=${taskId}`);

const asking: Record<string, Ask> = {
  GET: get,
  'GET with a cursor': send('GET', (taskId) => `/?taskId=${taskId}`, 'Last-Event-ID: 0-1'),
  'GET with the last cursor': send('GET', (taskId) => `/?taskId=${taskId}`, 'Last-Event-ID: 0-99'),
  'GET with named events': send('GET', (taskId) => `/?taskId=${taskId}&events=named`),
  DELETE: send('DELETE', (taskId) => `/?taskId=${taskId}&reason=Mine.`),
};

/** Those that start a task where there is none, so that an unknown one is compared by GET. */
const starting: Record<string, Ask> = {
  POST: post,
  'GET with an input': send('GET', (taskId) => `/?taskId=${taskId}&input=`),
};

/**
 * Runs with a context, or with those of two instances: one starts the task, the other is asked.
 * They are closed by whoever made them.
 */
export function describeOtherOwners(
  name: string,
  create: () => readonly [TaskStreamContext, TaskStreamContext?],
): void {
  describe.each<[string, string, (string | undefined)[]]>([
    ['owner', 'own', ['eve', undefined]],
    ['definition', 'other', ['ada', 'eve', undefined]],
  ])(`a task of another %s, kept in ${name}`, (_, askedName, users) => {
    it.each(['running', 'settled'])('looks exactly like none while it is %s', async (state) => {
      const gate = createDeferred();
      let runs = 0;
      const execute = () => {
        runs += 1;
        return gate.promise;
      };
      const task = defineTask({ name: 'own', execute });
      const other = askedName === 'own' ? task : defineTask({ name: askedName, execute });
      const [context, otherContext = context] = create();
      const owner = (request: Request) => request.headers.get('x-user') ?? undefined;
      const home = createTaskRoute(task, { streamContext: context, owner });
      const asked = createTaskRoute(other, { streamContext: otherContext, owner, allowGet: true });
      await withServer(toNodeHandler(asked), async (origin) => {
        const taskId = createId();
        const bytes = async (ask: Ask, id: string, user: string | undefined) =>
          (await sendRaw(origin, ask(id, user))).text.replace(/^Date: .*\r\n/m, '');
        const own = await home.POST(
          new Request(origin, {
            method: 'POST',
            headers: { 'content-type': 'application/json', 'x-user': 'ada' },
            body: JSON.stringify({ taskId }),
          }),
        );
        if (state === 'settled') {
          gate.resolve();
          await own.clone().text();
        }
        for (const user of users) {
          for (const ask of Object.values(asking)) {
            const seen = await bytes(ask, taskId, user);
            expect(seen).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
            expect(seen).toBe(await bytes(ask, createId(), user));
          }
          const unknown = await bytes(get, createId(), user);
          for (const ask of Object.values(starting)) {
            expect(await bytes(ask, taskId, user)).toBe(unknown);
          }
        }
        gate.resolve();
        expect(runs).toBe(1);
        // Nobody else's cancel has reached it.
        expect(await own.text()).toContain('"status":"completed"');
      });
    });
  });
}
