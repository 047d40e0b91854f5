import { contextErrorOf, createUnavailableError } from '../task-errors';

/**
 * Waits for an answer of the storage, but not longer than `timeoutMs` milliseconds.
 *
 * @param discard Gets an answer that comes too late.
 * @throws TaskError `context-unavailable` when it fails or does not come.
 */
export async function answerWithin<Answer>(
  timeoutMs: number,
  answer: Promise<Answer>,
  discard?: (answer: Answer) => void,
): Promise<Answer> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLate = false;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(createUnavailableError(new Error(`No answer within ${timeoutMs} ms.`)));
    }, timeoutMs);
  });
  answer.then(
    (late) => {
      if (isLate) discard?.(late);
    },
    () => {
      // Told to whoever waits; nobody does any more if it comes late.
    },
  );
  try {
    return await Promise.race([answer, timeout]);
  } catch (cause) {
    throw contextErrorOf(cause);
  } finally {
    clearTimeout(timer);
  }
}
