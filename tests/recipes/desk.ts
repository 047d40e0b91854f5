import type { Page } from 'playwright-core';
import { findFreePort } from '../../scripts/find-free-port.mjs';
import { type CuttableProxy, createCuttableProxy } from '../browser/cuttable-proxy';
import { type Desk, noteComplaints, startDesk } from '../browser/desk';
import { createServer, type Server } from './run-program';

/** How a server is run, which listens on the given port of this machine. */
type ServerPlan = (port: string) => {
  /** Of `node`. */
  args: string[];
  cwd: string;
  env?: Record<string, string>;
};

/** A server, and the wire through which a page reaches it. */
export interface WiredServer extends Server {
  wire: CuttableProxy;
}

/** What is around the projects: a browser, a model that can be held, and wires that can be cut. */
export interface RecipesDesk extends Omit<Desk, 'openTab'> {
  /** Gives a server its address; its `start` runs it. */
  serve(plan: ServerPlan): Promise<WiredServer>;
  openTab(address: string): Promise<Page>;
  /** What the pages did not catch since the last call. */
  takeComplaints(): string[];
}

export function startRecipesDesk(): Promise<RecipesDesk> {
  return startDesk((desk) => {
    const wires: CuttableProxy[] = [];
    const complaints: string[][] = [];
    return {
      ...desk,
      async serve(plan) {
        const port = await findFreePort();
        const address = `http://127.0.0.1:${port}`;
        const { args, ...options } = plan(String(port));
        const server = createServer(args, { ...options, address });
        desk.own(server, server.kill);
        const wire = await createCuttableProxy(address);
        wires.push(desk.own(wire, wire.close));
        return { ...server, wire };
      },
      async openTab(address) {
        const page = await desk.openTab();
        complaints.push(noteComplaints(page));
        await page.goto(address);
        return page;
      },
      takeComplaints: () => complaints.flatMap((noted) => noted.splice(0)),
      async tidy() {
        await desk.tidy();
        // Also those that the browser keeps for later.
        for (const wire of wires) wire.reset();
      },
    };
  });
}
