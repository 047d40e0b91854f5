/** How often, how fast and how long a cut stream is requested again. */
export interface ReconnectOptions {
  /**
   * Longest delay before the first new attempt, in milliseconds; doubled with each further attempt.
   * Default 250.
   */
  initialDelayMs?: number;
  /**
   * Upper bound of the delay, in milliseconds; six times as much while the page is hidden. The
   * actual delay is random between 0 and the bound. A delay that the server asks for (`Retry-After`)
   * comes on top; the bound is then at least as long. An offline page waits until it is online.
   * Default 10 000.
   */
  maxDelayMs?: number;
  /**
   * Attempts without progress before giving up. A new frame, or a heartbeat of the producer, is
   * progress. Attempts made while the page is offline or hidden do not count. Default: as many as
   * there is time for.
   */
  maxAttempts?: number;
  /**
   * Milliseconds of attempts without progress, and of the delays between them, before giving up.
   * Time that the page is offline or hidden does not count. Default 300 000.
   */
  maxElapsedMs?: number;
}

/** Request headers, or a function that makes them, which is asked anew for each attempt. */
export type TaskRequestHeaders = HeadersInit | (() => HeadersInit | Promise<HeadersInit>);

/** How a stream is followed, however it is requested. */
export interface FollowOptions {
  /** How often, how fast and how long to try again. */
  reconnect?: ReconnectOptions | undefined;
  /**
   * Milliseconds without a byte after which the connection counts as stalled and is replaced;
   * `Infinity` is never. Default: three times the interval that the heartbeats announce (5000
   * before the first one).
   */
  stallTimeoutMs?: number | undefined;
  /** Random numbers from 0 up to 1, for the jitter. Default `Math.random`. */
  random?: (() => number) | undefined;
}

/** How to reach the server. */
export interface TaskClientOptions extends FollowOptions {
  /** Address of the task's route, relative or absolute; it may have a query of its own. */
  api: string;
  /** Headers of each request; a function is asked anew for each attempt and may be async. */
  headers?: TaskRequestHeaders | undefined;
  /** The `credentials` of each request, as in `fetch`. */
  credentials?: RequestCredentials | undefined;
  /** Default: `globalThis.fetch`, looked up at each request. In React Native: `expo/fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
}
