import { atMost } from '../time/at-most';

/** How long the host may take to save an outcome before the chat goes on, in milliseconds. */
export const maxTellMs = 30_000;

/**
 * Tells the host of an outcome, and whoever keeps that whether the host has it. A host that takes
 * too long has it once it is done after all; one that failed never has, so that another process
 * may tell it again. Never rejects.
 *
 * @param options.tell Calls the host.
 * @param options.release Ends the telling. Called again with `true` when the host was late.
 */
export async function tellHost({
  tell,
  release,
  report,
}: {
  tell: () => Promise<void>;
  release: (options: { isSaved: boolean }) => Promise<void>;
  report: (error: unknown) => unknown;
}): Promise<void> {
  let isSaved = false;
  const telling = tell().then(() => {
    isSaved = true;
  });
  const told = telling.catch(report);
  await atMost(maxTellMs, told);
  const isLate = !isSaved;
  await release({ isSaved }).catch(report);
  if (!isLate) return;
  void telling.then(
    () => release({ isSaved: true }).catch(report),
    () => {
      // It was reported.
    },
  );
}
