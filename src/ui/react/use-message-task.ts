import { useInsertionEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { cancelTask } from '../cancel-task';
import { getChatTask, subscribeToChatTask } from '../chat-task-registry';
import { checkFollowOptions } from '../check-options';
import { createReviver, deriveMessageTask, findMessageTask } from '../message-task';
import { createTaskCancel } from '../task-cancel';
import { requestTask } from '../task-request';
import { paceUpdates } from './pace-updates';
import type { UseMessageTaskOptions, UseMessageTaskResult } from './use-task-stream-types';

const nothingSeen = () => undefined;

/** Shows a task inside a message of `useChat`. Opens no connection. */
export function useMessageTask(options: UseMessageTaskOptions): UseMessageTaskResult {
  checkFollowOptions(options);
  const { message, taskId, transformer, throttleMs } = options;
  const task = useMemo(() => findMessageTask(message, taskId), [message, taskId]);
  const { rootId = '' } = task;
  const seenTask = useMemo(
    () =>
      paceUpdates(
        {
          getState: () => getChatTask(rootId),
          subscribe: (listener) => subscribeToChatTask(rootId, listener),
        },
        () => throttleMs,
      ),
    [rootId, throttleMs],
  );
  // On a server and during hydration, no chunk of the task was seen yet.
  const seen = useSyncExternalStore(seenTask.subscribe, seenTask.getState, nothingSeen);

  const reviver = useMemo(() => transformer && createReviver(transformer), [transformer]);
  const state = useMemo(
    () => deriveMessageTask(message, task, seen, reviver),
    [message, task, seen, reviver],
  );

  const latest = useRef({ options, state, rootId });
  useInsertionEffect(() => {
    latest.current = { options, state, rootId };
  });
  const [cancel] = useState(() =>
    createTaskCancel(async (reason) => {
      const { options, state, rootId } = latest.current;
      const { api } = options;
      if (!rootId || state.settlement) return false;
      if (api === undefined) return getChatTask(rootId)?.cancel(reason) ?? false;
      const request = { method: 'DELETE', taskId: rootId, reason } as const;
      const send = () => requestTask({ ...options, api }, request);
      return cancelTask(options, send, new AbortController().signal);
    }),
  );

  return useMemo(() => ({ ...state, cancel }), [state, cancel]);
}
