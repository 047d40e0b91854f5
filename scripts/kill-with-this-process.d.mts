/**
 * Sees to it that a process is killed, and its folder removed, when this one ends, however that
 * comes about: by SIGKILL, too. `release` once it is over.
 */
export function killWithThisProcess(
  pid: number,
  options?: { directory?: string },
): { release(): void };
