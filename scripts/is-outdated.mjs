// @ts-check
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Whether an output is missing, or older than any of the sources, which may be folders.
 *
 * @param {object} options
 * @param {string} options.cwd
 * @param {readonly string[]} options.outputs
 * @param {readonly string[]} options.sources
 * @returns {Promise<boolean>}
 */
export async function isOutdated({ cwd, outputs, sources }) {
  const outputTimes = await Promise.all(outputs.map((path) => modifiedAt(join(cwd, path))));
  const sourceTimes = await Promise.all(sources.map((path) => newestIn(join(cwd, path))));
  return Math.min(...outputTimes) < Math.max(...sourceTimes);
}

/**
 * Time of the last change in milliseconds; 0 when there is no such file.
 *
 * @param {string} path
 */
async function modifiedAt(path) {
  const stats = await stat(path).catch(() => undefined);
  return stats?.mtimeMs ?? 0;
}

/**
 * Time of the last change in a file, or in a folder with all that is in it. A folder itself changes
 * when a file is removed from it.
 *
 * @param {string} path
 * @returns {Promise<number>}
 */
async function newestIn(path) {
  const stats = await stat(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  const names = await readdir(path);
  const times = await Promise.all(names.map((name) => newestIn(join(path, name))));
  return Math.max(stats.mtimeMs, ...times);
}
