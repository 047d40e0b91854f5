import { backOff } from './back-off';
import type { TaskClientOptions } from './task-client-options';
import { requestTask } from './task-request';

/**
 * Asks the server to stop a task, again and again while it cannot be reached. Resolves with
 * whether the server took the request; `false` when the signal aborted before. Never rejects.
 */
export async function cancelTask(
  options: TaskClientOptions,
  request: { taskId: string; reason: string | undefined; signal: AbortSignal },
): Promise<boolean> {
  const { signal } = request;
  const { maxAttempts = 10 } = options.reconnect ?? {};
  for (let failures = 0; failures < maxAttempts && !signal.aborted; failures++) {
    try {
      const response = await requestTask(options, { method: 'DELETE', ...request });
      if (response.status < 500) return response.ok;
    } catch {
      // The server cannot be reached, or the signal aborted.
    }
    await backOff(options, failures, 0, signal);
  }
  return false;
}
