import type { TaskRunnerQueue } from '../log/task-queue';
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
   * Decides whether a request may do what it asks for: `true` allows it, `false` refuses it with
   * 403, and a response of your own refuses it with that. Default: everybody may.
   */
  authorize?: (options: {
    request: Request;
    action: TaskAction;
    /** The taskId that the request names, if any; it is well-formed. */
    taskId: string | undefined;
  }) => Promise<boolean | Response> | boolean | Response;
  /**
   * Tells who makes the request, from a session or a token. Tasks of other owners look like unknown
   * ones. Default: whoever knows a taskId may follow and cancel the task.
   */
  owner?: (request: Request) => Promise<string | undefined> | string | undefined;
  /** Largest accepted body or `?input=` in bytes. Default 1,048,576 (1 MiB). */
  maxBodyBytes?: number;
  /**
   * How many tasks of one owner this route runs at once in this process; requests without an owner
   * share one count. Requests to start more tasks are answered with 429. Requests that join a task
   * are not counted. Default: any number.
   */
  maxConcurrent?: number;
  /**
   * How many tasks this process may run, of all that it has started or taken up on the stream context,
   * for this route to take up one more that waits. It starts tasks all the same. Default: any number.
   */
  maxRunning?: number;
  /**
   * Lets `GET ?taskId=&input=` start or join a task, too, for `EventSource`, which cannot POST. The
   * input is JSON or, with a transformer, its text. Default false.
   */
  allowGet?: boolean;
  /**
   * Has workers of a queue run the tasks that this route starts, such as one that `createTaskQueue` of
   * `ai-task-stream/bullmq` has made, on the same `streamContext`. This process then runs none of them,
   * and `maxConcurrent` and `maxRunning` count none. While the queue is away, a start is answered with
   * 503, and the task is not there. Default: this process runs them.
   */
  queue?: TaskRunnerQueue;
  /**
   * Decodes inputs, and encodes partial results and the result, of a definition that has no
   * `transformer` of its own. With `retry` it has to be the definition's.
   */
  transformer?: TaskTransformer;
}

/** What Next.js passes beside the request; other hosts may leave it out. */
export interface TaskRouteContext {
  params?: Promise<Record<string, string | string[] | undefined>>;
}

/** A web-standard request handler. It never rejects. */
export type TaskRouteHandler = (request: Request, context?: TaskRouteContext) => Promise<Response>;

export interface TaskRoute {
  /** Starts a task from the body `{ taskId?, input }`, or joins the task that has this taskId. */
  POST: TaskRouteHandler;
  /** Follows or replays the task `?taskId=` after `Last-Event-ID`; with `allowGet` may start it. */
  GET: TaskRouteHandler;
  /** Asks the task `?taskId=` to stop, for the reason `?reason=`. Answers `{ cancelled }`. */
  DELETE: TaskRouteHandler;
}
