import type { ConnectionOptions } from 'bullmq';
import type { BullQueue } from './bull-classes';

/** What a worker has in common with its queue. */
export interface SharedOptions {
  readonly connection?: ConnectionOptions | undefined;
  readonly prefix?: string | undefined;
}

/** Whether a connection is a client, and not the options of one. */
function isClient(connection: ConnectionOptions): boolean {
  return typeof (connection as { connect?: unknown }).connect === 'function';
}

/** Whether a connection is a client of a cluster. */
export function isCluster(connection: ConnectionOptions | undefined): boolean {
  return (connection as { isCluster?: unknown } | undefined)?.isCluster === true;
}

/** Has calls fail while Redis is away, instead of waiting for it. A client is the host's to set up. */
export function failFast(connection: ConnectionOptions): ConnectionOptions {
  return isClient(connection) ? connection : { ...connection, enableOfflineQueue: false };
}

/** The connection and the prefix of a queue. What was given wins over what a queue of one's own has. */
export function sharedConnection(
  { opts }: Pick<BullQueue, 'opts'>,
  { connection, prefix }: SharedOptions,
): SharedOptions {
  const own = opts as SharedOptions;
  const { connection: ofQueue = own.connection, prefix: ofKeys = own.prefix } = {
    ...(connection && { connection }),
    ...(prefix !== undefined && { prefix }),
  };
  return { connection: ofQueue, ...(ofKeys !== undefined && { prefix: ofKeys }) };
}
