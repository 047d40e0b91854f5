/** How long an answer of the wrapped context may take, in milliseconds. */
export const answerTimeoutMs = 5_000;
