import type { InstanceMethods } from '../redis/processes/instance';
import { createDeferred, type Deferred } from './async';
import { spawnTaskProcess, type TaskProcess } from './spawn-task-process';

type ConnectOptions = Parameters<InstanceMethods['connect']>[0];

/** The calls of `processes/instance.ts` that belong to one of its contexts. */
export type RemoteContext = {
  [Name in keyof InstanceMethods]: InstanceMethods[Name] extends (
    handle: number,
    ...args: infer Args
  ) => infer Result
    ? (...args: Args) => Result
    : never;
};

/** Another instance of a server. */
export interface Instance {
  /** Makes a context in the other process. */
  connect(options: ConnectOptions): Promise<RemoteContext>;
  readonly process: TaskProcess;
  kill(): Promise<void>;
}

export async function spawnInstance(): Promise<Instance> {
  const process = await spawnTaskProcess('instance');
  const calls = new Map<number, Deferred<unknown>>();
  let callCount = 0;
  let isKilled = false;

  const call = (method: string, ...args: unknown[]): Promise<unknown> => {
    callCount += 1;
    const answer = createDeferred<unknown>();
    calls.set(callCount, answer);
    process.send({ id: callCount, method, args });
    return answer.promise;
  };

  const receive = async () => {
    for (;;) {
      const { id, result, error } = await process.next<{
        id: number;
        result?: unknown;
        error?: string;
      }>();
      if (error === undefined) calls.get(id)?.resolve(result);
      else calls.get(id)?.reject(new Error(error));
      calls.delete(id);
    }
  };
  receive().catch((error) => {
    // Nobody waits for answers of an instance that was killed on purpose.
    if (!isKilled) for (const answer of calls.values()) answer.reject(error);
  });

  return {
    process,
    async connect(options) {
      const handle = await call('connect', options);
      const methods = new Proxy({} as RemoteContext, {
        // Without a `then`, so that `await` does not take the proxy for a promise.
        get: (_, name) =>
          name === 'then' ? undefined : (...args: unknown[]) => call(String(name), handle, ...args),
      });
      return methods;
    },
    async kill() {
      isKilled = true;
      await process.kill();
    },
  };
}
