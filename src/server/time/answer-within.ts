/**
 * Waits for an answer, but not longer than `timeoutMs` milliseconds.
 *
 * @param discard Gets an answer that comes too late.
 * @throws what the answer fails with, or after the timeout an error that names it.
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
      reject(new Error(`No answer within ${timeoutMs} ms.`));
    }, timeoutMs);
  });
  answer.then(
    (late) => {
      if (isLate) discard?.(late);
    },
    () => {
      // The caller gets this error by the race below; after the timeout nobody waits for it.
    },
  );
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
