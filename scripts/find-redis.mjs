// Finds a Redis for the tests and the demo: REDIS_URL, then a server on the PATH, then Debian's
// package.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { canInstall, findProgram, install } from './find-program.mjs';

const commands = ['redis-server', 'valkey-server'];

/**
 * The path of an installed Redis or Valkey server, or `undefined`.
 *
 * @throws when REDIS_SERVER_PATH names something that cannot be run.
 */
export function findRedisServer() {
  return findProgram('REDIS_SERVER_PATH', commands);
}

/**
 * The path of a server, installed from Debian's packages when there is none yet.
 *
 * @throws when there is none and it cannot be installed here; the message says what to do.
 */
export function findOrInstallRedisServer() {
  const found = findRedisServer();
  if (found) return found;
  if (canInstall()) {
    withoutServices(() => install('redis-server'));
    const installed = findRedisServer();
    if (installed) return installed;
  }
  throw new Error(
    'The Redis tests start servers of their own: install one (Debian: `apt-get install ' +
      'redis-server` as root), or set REDIS_SERVER_PATH to a redis-server or valkey-server.',
  );
}

/**
 * Where a database is: `url`, from REDIS_URL, or in a server that the caller starts from `command`.
 * Installs nothing.
 *
 * @throws when there is neither; the message says what to do.
 */
export function findRedis() {
  const url = process.env.REDIS_URL;
  if (url) return { url };
  const command = findRedisServer();
  if (command) return { command };
  throw new Error(
    'There is no Redis here: install one (Debian: `apt-get install redis-server` as root), or set ' +
      'REDIS_SERVER_PATH to a redis-server or valkey-server, or REDIS_URL to one that runs.',
  );
}

/** Debian starts the services that it installs, unless this script of its own says no. */
function withoutServices(installServer) {
  const policy = '/usr/sbin/policy-rc.d';
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    installServer();
  } finally {
    if (isOurs) rmSync(policy);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(process.env.REDIS_URL || findOrInstallRedisServer());
}
