import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../../scripts/find-free-port.mjs';
import { DemoError } from './demo-error.mjs';
import { untilAnswered } from './until-answered.mjs';

/** How long a server that was ended stays away, so that others have to take up what it ran. */
const awayMs = 3_000;

/**
 * A server of the demo. Another process takes its place when its own has ended, or is replaced.
 *
 * @typedef {object} Instance
 * @property {string} name
 * @property {number} port
 * @property {number} pid
 * @property {boolean} hasEnded Whether nothing serves in this place for the moment.
 */

/**
 * Servers that may be ended and replaced, one by one.
 *
 * @param {ReturnType<import('./parts.mjs').createParts>} parts
 * @param {object} options
 * @param {(name: string, port: number) => { pid: number, ended: Promise<{ code: unknown }> }} options.start
 */
export function createInstances(parts, { start }) {
  /** @type {Instance[]} */
  const list = [];
  let fail;
  /** Rejects when a server ends before it has ever served. */
  const ended = new Promise((_, reject) => {
    fail = reject;
  });
  // It is awaited only while the demo runs.
  ended.catch(() => {});

  let lastJob = Promise.resolve();
  /** Starts processes one after the other, so that no two take the place of the same one. */
  const inTurn = (job) => {
    lastJob = lastJob.then(job).catch((error) => parts.isStopping || fail(error));
    return lastJob;
  };

  /** Starts a process, and resolves once it serves. */
  const launch = async (name) => {
    const port = await findFreePort();
    const { pid, ended: hasEnded } = start(name, port);
    const early = hasEnded.then(({ code }) => {
      throw new DemoError(`Instance ${name} ended by itself, with code ${code}.`);
    });
    early.catch(() => {});
    await Promise.race([untilAnswered(parts, port), early]);
    return { pid, port, hasEnded };
  };

  /** Lets a process serve in the place of an instance, and starts another one when it ends. */
  const place = (instance, { pid, port, hasEnded }) => {
    Object.assign(instance, { pid, port, hasEnded: false });
    hasEnded.then(async ({ code }) => {
      if (instance.pid !== pid || parts.isStopping) return;
      instance.hasEnded = true;
      console.log(
        `  Instance ${instance.name} ended (${code}). The others take up what it ran; it is started again.`,
      );
      await sleep(awayMs);
      await inTurn(async () => {
        if (instance.pid === pid && !parts.isStopping) place(instance, await launch(instance.name));
      });
    });
  };

  return {
    list,
    ended,

    async add(name) {
      const instance = { name };
      place(instance, await launch(name));
      list.push(instance);
      list.sort((one, other) => one.name.localeCompare(other.name));
    },

    /** Ends an instance as a power cut does. `false`: it does not serve. */
    async kill(name) {
      const instance = list.find((one) => one.name === name && !one.hasEnded);
      if (instance) process.kill(instance.pid, 'SIGKILL');
      return instance !== undefined;
    },

    /** Replaces all servers, one after the other, as a rolling deploy does. */
    async replaceAll() {
      await inTurn(async () => {
        for (const instance of list) {
          const next = await launch(instance.name);
          const { pid, hasEnded } = instance;
          place(instance, next);
          if (hasEnded) continue;
          console.log(`  Instance ${instance.name} is replaced: process ${pid} drains.`);
          process.kill(pid, 'SIGTERM');
        }
      });
      return true;
    },
  };
}
