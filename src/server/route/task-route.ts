import type { TaskSettings, TaskTransformer } from '../task/task-options';

/** What a request wants: POST starts, GET follows (with `?input=` it starts), DELETE cancels. */
export type TaskAction = 'start' | 'follow' | 'cancel';

export interface CreateTaskRouteOptions
  extends Pick<
    TaskSettings,
    | 'streamContext'
    | 'whenUnavailable'
    | 'waitUntil'
    | 'heartbeatMs'
    | 'toTaskError'
    | 'onError'
    | 'cancelOnDisconnect'
  > {
  /**
   * Decides whether a request may do what it asks for: `true`, or a response of your own to
   * refuse it with; `false` answers 403. Default: everybody may.
   */
  authorize?: (options: {
    request: Request;
    action: TaskAction;
    /** As the request gave it; checked to be well-formed. */
    taskId: string | undefined;
  }) => Promise<boolean | Response> | boolean | Response;
  /**
   * Who makes the request, from a session or a token. Tasks of others look like unknown ones.
   * Default: whoever knows a taskId may follow and cancel.
   */
  owner?: (request: Request) => Promise<string | undefined> | string | undefined;
  /** Largest accepted body or `?input=` in bytes. Default 1,048,576 (1 MiB). */
  maxBodyBytes?: number;
  /**
   * How many tasks of one owner this route runs at once in this process; requests without an owner
   * share one count. More are answered with 429. Requests that join a task are not counted.
   * Default: any number.
   */
  maxConcurrent?: number;
  /**
   * Lets `GET ?taskId=&input=` start the task, too, or join it: for `EventSource`, which cannot
   * POST. The input is JSON or, with a transformer, its text. Default false.
   */
  allowGet?: boolean;
  /** Decodes inputs, and encodes partial results and the result. */
  transformer?: TaskTransformer;
}

/** What Next.js passes beside the request; other hosts may leave it out. */
export interface TaskRouteContext {
  params?: Promise<Record<string, string | string[] | undefined>>;
}

/** A web-standard request handler. It never rejects. */
export type TaskRouteHandler = (request: Request, context?: TaskRouteContext) => Promise<Response>;

export interface TaskRoute {
  /** Starts a task from `{ taskId?, input }`, or joins the one of that taskId. */
  POST: TaskRouteHandler;
  /** Follows or replays `?taskId=` from `Last-Event-ID` on; with `allowGet` it may start it. */
  GET: TaskRouteHandler;
  /** Asks `?taskId=` to stop, for `?reason=`. Answers `{ cancelled }`. */
  DELETE: TaskRouteHandler;
}
