/** Said in one sentence, without a stack. */
export class DemoError extends Error {}
