import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';

const scriptCommands = new Set(['eval', 'eval_ro', 'evalsha', 'evalsha_ro', 'fcall', 'fcall_ro']);

/** A connection that looks at a server from outside. */
export async function watchServer(url) {
  const client = await createClient({ url }).connect();
  const { version } = await infoOf('server').then((text) => ({
    version: /(?:redis|valkey)_version:(\S+)/.exec(text)[1],
  }));

  function infoOf(section) {
    return client.info(section);
  }

  return {
    version,

    /** Calls of scripts so far. */
    async scriptCalls() {
      let calls = 0;
      for (const match of (await infoOf('commandstats')).matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)) {
        if (scriptCommands.has(match[1])) calls += Number(match[2]);
      }
      return calls;
    },

    /**
     * How many commands clients send within some seconds, by name. Commands of scripts are left out;
     * `INFO commandstats` could not tell them apart.
     */
    async countCommands(seconds) {
      const monitor = client.duplicate();
      await monitor.connect();
      const counts = {};
      await monitor.monitor((line) => {
        const match = /^\S+ \[\d+ (\S+)\] "([^"]*)"/.exec(line);
        if (!match || match[1] === 'lua') return;
        const name = match[2].toLowerCase();
        counts[name] = (counts[name] ?? 0) + 1;
      });
      await delay(seconds * 1000);
      monitor.destroy();
      return counts;
    },

    /** The server's processor time so far in milliseconds, and the most memory that it has held. */
    async usage() {
      const cpu = await infoOf('cpu');
      const seconds = (name) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(cpu)[1]);
      const memory = await infoOf('memory');
      return {
        cpuMs: (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1000,
        maxMegabytes: Number(/^used_memory_peak:(\d+)/m.exec(memory)[1]) / 2 ** 20,
      };
    },

    /** Deletes all data, and sets the server's statistics back. */
    async clear() {
      await client.flushAll();
      await client.configResetStat();
    },

    close: () => client.destroy(),
  };
}
