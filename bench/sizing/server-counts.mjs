/** What a Redis server tells of what it was asked for, and of what it holds. */
export function createServerCounts(client) {
  async function read() {
    const [stats, commands, cpu] = await Promise.all(
      ['stats', 'commandstats', 'cpu'].map((section) => client.info(section)),
    );
    const numberOf = (text, name) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(text)?.[1]);
    // What this client asks for itself is no part of it.
    const counted = [...commands.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)]
      .filter(([, name]) => !/^(info|config|client|memory|scan|hello|ping)/.test(name))
      .map(([, name, calls]) => [name, Number(calls)]);
    const sum = (wanted) =>
      counted.reduce((total, [name, calls]) => total + (wanted.test(name) ? calls : 0), 0);
    return {
      calls: sum(/^(eval|fcall|s?subscribe|s?unsubscribe|bzpopmin)/),
      commands: sum(/./),
      bytesIn: numberOf(stats, 'total_net_input_bytes'),
      bytesOut: numberOf(stats, 'total_net_output_bytes'),
      cpuMs: (numberOf(cpu, 'used_cpu_user') + numberOf(cpu, 'used_cpu_sys')) * 1_000,
    };
  }

  /** What happens between two readings that nobody asks the server for anything but this. */
  async function measureReading() {
    const first = await read();
    const second = await read();
    return differenceOf(second, first);
  }

  return {
    /** Counts what clients ask for while `work` runs; `per` divides it. */
    async during(work, per = 1) {
      const own = await measureReading();
      const before = await read();
      await work();
      const after = differenceOf(await read(), before);
      return Object.fromEntries(
        Object.entries(after).map(([name, value]) => {
          const isBytes = name.startsWith('bytes');
          return [name, (value - (isBytes ? own[name] : 0)) / per];
        }),
      );
    },

    /** The bytes that the server holds. */
    async usedMemory() {
      return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
    },
  };
}

function differenceOf(after, before) {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - before[name]]),
  );
}
