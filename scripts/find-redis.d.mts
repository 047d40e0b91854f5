/**
 * The path of an installed Redis or Valkey server, or `undefined`.
 *
 * @throws when REDIS_SERVER_PATH names something that cannot be run.
 */
export function findRedisServer(): string | undefined;

/**
 * The path of a server, installed from Debian's packages when there is none yet.
 *
 * @throws when there is none and it cannot be installed here; the message says what to do.
 */
export function findOrInstallRedisServer(): string;

/**
 * Where a database is: `url`, from REDIS_URL, or in a server that the caller starts from `command`.
 * Installs nothing.
 *
 * @throws when there is neither; the message says what to do.
 */
export function findRedis():
  | { url: string; command?: undefined }
  | { url?: undefined; command: string };
