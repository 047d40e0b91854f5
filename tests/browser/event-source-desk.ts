import { createTaskRoute, defineTask, toNodeHandler } from 'ai-task-stream/server';
import type { Browser, Page } from 'playwright-core';
import { createDeferred, type Deferred } from '../helpers/async';
import { startHttpServer } from '../helpers/http-server';
import { createOwnContext } from '../helpers/tasks';
import { type CuttableProxy, createCuttableProxy } from './cuttable-proxy';
import { launchBrowser, patience } from './desk';

/** What the page has noted: each event by its name, and the states of its `EventSource`. */
export interface Noted {
  events: { name: string; id: string; data: string }[];
  /** How often the connection broke. */
  errors: number;
  readyState: number | undefined;
}

/** A page that knows nothing of this package, in front of a task whose lines the test asks for. */
export interface EventSourceDesk {
  readonly proxy: CuttableProxy;
  /** Requests to the task's address, in order. */
  readonly requests: { readonly lastEventId: string | undefined; readonly status: number }[];
  /** What tasks were started with. */
  readonly inputs: unknown[];
  /** Lets the task write so many lines, and then wait again. */
  write(lines: number): void;
  finish(): void;
  /** Starts a task as another client would. */
  post(taskId: string): Promise<void>;
  openPage(): Promise<Page>;
  close(): Promise<void>;
}

const markup = `<!doctype html><title>Plain</title><link rel="icon" href="data:,"><script>
const noted = { events: [], errors: 0, readyState: undefined };
let source;
function listen(address, names) {
  source = new EventSource(address);
  source.onerror = () => noted.errors++;
  for (const name of names) source.addEventListener(name, ({ lastEventId, data }) => {
    noted.events.push({ name, id: lastEventId, data });
  });
}
function look() {
  return { ...noted, readyState: source?.readyState };
}
</script>`;

export async function startEventSourceDesk(): Promise<EventSourceDesk> {
  const requests: EventSourceDesk['requests'] = [];
  const inputs: unknown[] = [];
  let orders: number[] = [];
  let ordered: Deferred = createDeferred();
  const order = (lines: number) => {
    orders.push(lines);
    ordered.resolve();
  };

  const task = defineTask({
    name: 'lines',
    heartbeatMs: 500,
    execute: async ({ input, task: reporter }) => {
      inputs.push(input);
      let count = 0;
      for (;;) {
        await ordered.promise;
        ordered = createDeferred();
        for (const lines of orders.splice(0)) {
          if (lines === 0) return { lines: count };
          for (let line = 0; line < lines; line++) reporter.log(`line ${count++}`);
        }
      }
    },
  });
  const route = createTaskRoute(task, { streamContext: createOwnContext(), allowGet: true });
  const handle = toNodeHandler(route);
  const { origin, stop } = await startHttpServer(async (request, response) => {
    if (!request.url?.startsWith('/api/lines')) {
      response.setHeader('content-type', 'text/html').end(markup);
      return;
    }
    const lastEventId = request.headers['last-event-id']?.toString();
    requests.push({
      lastEventId,
      get status() {
        return response.statusCode;
      },
    });
    await handle(request, response);
  });
  const proxy = await createCuttableProxy(origin);
  const browser: Browser = await launchBrowser();

  return {
    proxy,
    requests,
    inputs,
    write: order,
    finish: () => order(0),
    async post(taskId) {
      orders = [];
      const response = await route.POST(
        new Request('http://localhost/', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ taskId }),
        }),
      );
      await response.body?.cancel();
    },
    async openPage() {
      const page = await browser.newPage();
      page.setDefaultTimeout(patience.timeout);
      await page.goto(proxy.address);
      return page;
    },
    async close() {
      await browser.close();
      await proxy.close();
      await stop();
    },
  };
}
