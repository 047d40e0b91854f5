import { processWide } from '../log/process-wide';
import type { TaskStreamContext } from '../log/task-stream-context';
import { describeClient } from './client/describe-client';
import { urlFromEnvironment } from './client/resolve-connection';
import type { RedisStreamContextOptions } from './redis-options';

/** Options with a set `onError`, which changes with each edit of the host's code. */
export type SharedOptions = RedisStreamContextOptions &
  Required<Pick<RedisStreamContextOptions, 'onError'>>;

interface SharedContext {
  readonly context: TaskStreamContext;
  /** The callback of the newest code. */
  onError: SharedOptions['onError'];
  /** How many handles of the context were made and not closed. */
  uses: number;
}

function isDevelopment(): boolean {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.NODE_ENV === 'development';
}

/** The key of contexts with the same settings; `undefined` for a client that cannot be compared. */
function keyOf({ client, url, onError: _onError, ...settings }: SharedOptions): string | undefined {
  const address = client ? describeClient(client) : url || urlFromEnvironment() || '';
  return address === undefined ? undefined : JSON.stringify([address, settings]);
}

/**
 * Makes a context; in development, only one for each set of settings. There each edit runs the host's
 * module anew, and nobody closes the context that the module made before, whose connections and
 * running tasks would stay.
 */
export function shareInDevelopment(
  options: SharedOptions,
  create: (options: SharedOptions) => TaskStreamContext,
): TaskStreamContext {
  const key = isDevelopment() ? keyOf(options) : undefined;
  if (key === undefined) return create(options);
  const { onError } = options;
  const contexts = processWide('redis.v1', () => new Map<string, SharedContext>());
  let shared = contexts.get(key);
  if (!shared) {
    const context = create({ ...options, onError: (error) => contexts.get(key)?.onError(error) });
    shared = { context, onError, uses: 0 };
    contexts.set(key, shared);
  }
  shared.onError = onError;
  shared.uses++;
  return handleOf(shared, () => contexts.delete(key));
}

/** A handle of a shared context. The context is closed when all of its handles are. */
function handleOf(shared: SharedContext, onClose: () => void): TaskStreamContext {
  let isClosed = false;
  return {
    ...shared.context,
    async close() {
      if (isClosed) return;
      isClosed = true;
      shared.uses--;
      if (shared.uses > 0) return;
      onClose();
      await shared.context.close();
    },
  };
}
