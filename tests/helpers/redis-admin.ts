import { createClient } from 'redis';

/** A connection to look at a server from outside. */
export interface RedisAdmin {
  send(...command: string[]): Promise<unknown>;
  /** Every key, with the time that it has to live in milliseconds, -1 for ever. */
  ttls(): Promise<Map<string, number>>;
  /** Fields of all connections to the server except this one. */
  clients(): Promise<Map<string, string>[]>;
  /** Ids and fields of a stream's entries. */
  entries(key: string): Promise<[id: string, fields: string[]][]>;
  close(): void;
}

export async function connectAdmin(url: string): Promise<RedisAdmin> {
  const client = createClient({ url, RESP: 2 });
  client.on('error', () => {
    // The calls reject with the same error.
  });
  await client.connect();
  const send = (...command: string[]): Promise<unknown> => client.sendCommand(command);

  return {
    send,
    async ttls() {
      const ttls = new Map<string, number>();
      let cursor = '0';
      do {
        const [next, keys] = (await send('SCAN', cursor, 'COUNT', '1000')) as [string, string[]];
        for (const key of keys) ttls.set(key, Number(await send('PTTL', key)));
        cursor = next;
      } while (cursor !== '0');
      return ttls;
    },
    async clients() {
      const self = String(await send('CLIENT', 'ID'));
      return String(await send('CLIENT', 'LIST'))
        .trim()
        .split('\n')
        .map(
          (line) => new Map(line.split(' ').map((field) => field.split('=') as [string, string])),
        )
        .filter((fields) => fields.get('id') !== self);
    },
    async entries(key) {
      return (await send('XRANGE', key, '-', '+')) as [string, string[]][];
    },
    close: () => client.destroy(),
  };
}
