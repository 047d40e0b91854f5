import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, request } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { startProxy } from '../../examples/next-chat/demo/start-proxy.mjs';
import { findFreePort } from '../../scripts/find-free-port.mjs';
import { createDeferred } from '../helpers/async';
import { startHttpServer } from '../helpers/http-server';

let closes: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closes.reverse()) await close();
  closes = [];
});

it('takes the next instance for each page, and for each further request about a task', async () => {
  const { get } = await start((_, response) => response.end('{}'), 3);
  const instanceFor = async (path: string, method?: string) => {
    const response = await get(path, { method });
    response.resume();
    return response.headers['x-demo-instance'];
  };
  expect(await instanceFor('/')).toBe('1');
  expect(await instanceFor('/_next/static/a.js')).toBe('1');
  expect(await instanceFor('/')).toBe('2');
  expect(await instanceFor('/api/report', 'POST')).toBe('2');
  expect(await instanceFor('/api/report?taskId=a')).toBe('2');
  expect(await instanceFor('/api/report?taskId=a', 'DELETE')).toBe('3');
  expect(await instanceFor('/api/report?taskId=b')).toBe('2');
  expect(await instanceFor('/api/report?taskId=a')).toBe('1');
});

it('learns from the answer to a POST where its task is', async () => {
  const { get } = await start((_, response) => response.setHeader('x-task-id', 'a').end());
  const posted = await get('/api/report', { method: 'POST' });
  const followed = await get('/api/report?taskId=a');
  expect(followed.headers['x-demo-instance']).not.toBe(posted.headers['x-demo-instance']);
});

it('passes each piece of a stream on as it comes, and the page’s leaving back', async () => {
  const left = createDeferred();
  const { get } = await start((_, response) => {
    response.setHeader('set-cookie', ['a=1', 'b=2']).write('first');
    response.once('close', () => left.resolve());
  });
  const response = await get('/');
  expect(response.headers['set-cookie']).toEqual(['a=1', 'b=2']);
  const [piece] = await once(response, 'data');
  expect(String(piece)).toBe('first');
  response.destroy();
  await left.promise;
});

it('lets a cut look like a cut, not like an end', async () => {
  const { get } = await start((_, response) => {
    response.write('half', () => response.destroy());
  });
  const response = await get('/');
  const read = async () => {
    for await (const _ of response);
  };
  await expect(read()).rejects.toThrow('aborted');
});

it('leaves out an instance that has ended', async () => {
  const { get, instances } = await start((_, response) => response.end());
  instances[0]!.hasEnded = true;
  for (const path of ['/', '/', '/api/report', '/api/report?taskId=a', '/api/report?taskId=a']) {
    expect((await get(path)).headers['x-demo-instance']).toBe('2');
  }
  instances[1]!.hasEnded = true;
  expect((await get('/')).statusCode).toBe(502);
});

async function start(listener: RequestListener, count = 2) {
  const instances: { name: string; port: number; hasEnded: boolean }[] = [];
  for (let number = 1; number <= count; number++) {
    const { port, stop } = await startHttpServer(listener);
    closes.push(stop);
    instances.push({ name: String(number), port, hasEnded: false });
  }
  const port = await findFreePort();
  const proxy = await startProxy({ instances, port, host: '127.0.0.1' });
  closes.push(proxy.close);
  const get = (path: string, { method = 'GET' } = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, method, agent: false }, resolve)
        .once('error', reject)
        .end();
    });
  return { instances, get };
}
