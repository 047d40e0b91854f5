import { atMost } from '../time/at-most';

/** How long the host may take to save an outcome before the chat goes on, in milliseconds. */
export const maxTellMs = 30_000;

/**
 * Tells the host an outcome, and then the storage whether the host has it. When the host takes too
 * long, the storage is told no for now, and yes once the host is done. When the host has failed,
 * another process may tell it again. Resolves with whether the host has it by then. Never rejects.
 *
 * @param options.tell Calls the host.
 * @param options.release Tells the storage. Called a second time when the host was late.
 */
export async function tellHost({
  tell,
  release,
  report,
}: {
  tell: () => Promise<void>;
  release: (options: { isSaved: boolean }) => Promise<void>;
  report: (error: unknown) => unknown;
}): Promise<boolean> {
  let isSaved = false;
  const telling = tell().then(() => {
    isSaved = true;
  });
  const told = telling.catch(report);
  await atMost(maxTellMs, told);
  const isLate = !isSaved;
  await release({ isSaved }).catch(report);
  if (!isLate) return true;
  void telling.then(
    () => release({ isSaved: true }).catch(report),
    () => {
      // The error was reported already.
    },
  );
  return false;
}
