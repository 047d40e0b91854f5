/** An error that the demo prints as one sentence, without a stack. */
export class DemoError extends Error {}
