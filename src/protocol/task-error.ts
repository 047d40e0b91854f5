/** Codes that the package itself uses, each with a page under docs/errors; `execute` may throw others. */
export type TaskErrorCode =
  | 'aborted'
  | 'body-too-large'
  | 'cancelled'
  | 'chat-busy'
  | 'chat-unavailable'
  | 'checkpoint-open-parts'
  | 'checkpoint-too-large'
  | 'context-unavailable'
  | 'drained'
  | 'forbidden'
  | 'frame-too-large'
  | 'gap'
  | 'gave-up'
  | 'input-too-large'
  | 'internal'
  | 'invalid-body'
  | 'invalid-chat-id'
  | 'invalid-cursor'
  | 'invalid-input'
  | 'invalid-message'
  | 'invalid-options'
  | 'invalid-query'
  | 'invalid-response'
  | 'invalid-task-id'
  | 'key-in-use'
  | 'lost'
  | 'message-id-ignored'
  | 'message-unavailable'
  | 'method-not-allowed'
  | 'not-found'
  | 'page-failed'
  | 'refused'
  | 'settled'
  | 'stream-aborted'
  | 'stream-failed'
  | 'timeout'
  | 'too-many-tasks'
  | 'unauthorized'
  | 'unknown-step'
  | 'unreadable-body'
  | 'unserializable'
  | 'unsettled'
  | 'unsupported-media-type';

/** What a client gets to know of an error: plain data, fit for the wire. */
export interface TaskErrorData {
  code: TaskErrorCode | (string & {});
  message: string;
  /** Whether the same request may succeed when it is made again. */
  retryable: boolean;
  /** Whatever else the client should know; must be serialisable. */
  details?: unknown;
}

const marker = Symbol.for('ai-task-stream.error');

/**
 * The package's one error class. Thrown inside `execute` it reaches the client as it is
 * (`code`, `message`, `retryable`, `details`); every other error is masked, and so is a `TaskError`
 * of the code `invalid-options`, which is for whoever wrote the server.
 */
export class TaskError extends Error {
  readonly code: TaskErrorCode | (string & {});
  readonly retryable: boolean;
  readonly details: unknown;

  constructor({
    message,
    code = 'internal',
    retryable = false,
    details,
    cause,
  }: {
    /** Written for the person who reads it: says what to do. */
    message: string;
    /** Default `internal`. */
    code?: TaskErrorCode | (string & {});
    /** Default false. */
    retryable?: boolean;
    /** Serialisable; sent to the client. */
    details?: unknown;
    /** Kept on the server; never sent. */
    cause?: unknown;
  }) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'TaskError';
    this.code = code;
    this.retryable = retryable;
    this.details = details;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Like `instanceof`, but holds across copies and versions of the package. */
  static isInstance(value: unknown): value is TaskError {
    return value instanceof Error && marker in value;
  }

  /** The error as plain data for the wire, without cause and stack. */
  toJSON(): TaskErrorData {
    const { code, message, retryable, details } = this;
    return { code, message, retryable, ...(details !== undefined && { details }) };
  }
}
