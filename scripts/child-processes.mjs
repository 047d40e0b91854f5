import { readFile } from 'node:fs/promises';

/** The processes that a process has started, by their ids. None where there is no /proc. */
export async function childrenOf(pid) {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return children.split(' ').filter(Boolean);
}
