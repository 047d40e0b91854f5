import { createTaskId } from '../../../protocol/task-id';
import { applyTurn } from '../../chat/apply-turn';
import { readChatBody } from '../../chat/chat-body';
import { isContinuation } from '../../chat/is-continuation';
import { claimDefinedTask } from '../../claim-defined-task';
import { readJsonBody } from '../../http/read-json-body';
import { readEvents } from '../../http/read-query';
import type { ResponseWatch } from '../../http/text-source';
import { createNotFoundError, unlessAway } from '../../log/task-errors';
import { mayKnow } from '../../log/task-guard';
import { taskPartTest } from '../../log/task-part-test';
import type { TaskRunnerQueue } from '../../log/task-queue';
import type { TaskStreamContext } from '../../log/task-stream-context';
import type { PlainDefinition } from '../../plain-definition';
import type { Invocation } from '../../recovery/invocation';
import type { ChatAdmission } from './chat-admission';
import type { ChatFollower } from './chat-follower';
import { createNoChatError } from './chat-store';
import { progressOf } from './continued-message';
import { makeWay } from './make-way';
import type { TurnInput } from './plain-chat';
import { readTurn } from './read-turn';
import type { TurnMeans } from './turn-means';

/** How turns of a chat are started. */
export interface StartTurnMeans {
  readonly means: TurnMeans;
  readonly definition: PlainDefinition;
  readonly admission: ChatAdmission;
  readonly follower: ChatFollower;
  /** Whose workers run the turns. Default: this process runs them. */
  readonly queue?: TaskRunnerQueue | undefined;
}

/** How many frames of a log tell of the message that its task goes on with. */
async function countHistory(
  context: TaskStreamContext,
  taskId: string,
  asker: { owner?: string; definition: string },
): Promise<number> {
  const reader = await unlessAway(context.read(taskId, asker));
  const isSnapshot = taskPartTest('data-task', taskId);
  try {
    // They and the first snapshot are stored in the step that opens the task.
    const range = reader?.take() ?? (await reader?.next())?.value;
    for (let n = range?.start ?? 0; range && n < range.end; n++) {
      if (isSnapshot(range.data[n - range.offset] ?? '')) return Math.max(0, n - 1);
    }
    return 0;
  } finally {
    reader?.close();
  }
}

/** Starts the turn that a request brings, or joins it if the request was made before. */
export async function startTurn(
  request: Request,
  invocation: Invocation | undefined,
  { means, definition, admission, follower, queue }: StartTurnMeans,
): Promise<Response> {
  const { context, chat, store } = means;
  const { maxBodyBytes = 1024 * 1024 } = chat;
  const watch = follower.watch(request, { isStart: true, invocation });
  const events = readEvents(request);
  const asked = readChatBody(await readJsonBody(request, maxBodyBytes));
  const { chatId, taskId = createTaskId() } = asked;
  const admitted = await admission.admit(request, {
    action: 'start',
    chatId,
    taskId: asked.taskId,
  });
  if (admitted.refused) return admitted.refused;
  const { owner } = admitted;
  const turn = await readTurn(asked, taskId, chat);

  const asker = { owner, definition: definition.name };
  const known =
    asked.taskId === undefined ? undefined : await unlessAway(context.inspect(taskId, asker));
  if (known) {
    if (!mayKnow(known, asker) || known.chatId !== chatId) throw createNotFoundError();
    const skip = isContinuation(turn) ? await countHistory(context, taskId, asker) : 0;
    const watched = watch?.respond(taskId, owner);
    return follower
      .follow({ taskId, owner }, { watched, skip })
      .toResponse({ ...(events && { events }) });
  }

  await makeWay(turn, owner, means);
  const stored = await store.load({ chatId, owner });
  if (!stored) throw createNoChatError();
  const applied = await applyTurn(stored, turn, chat);
  const last = applied.messages.at(-1);
  const goesOn = isContinuation(turn) && last ? { from: progressOf(last) } : {};
  const input: TurnInput = {
    turn: applied.turn,
    ...(owner !== undefined && { owner }),
    ...goesOn,
  };
  const { waitUntil, heartbeatMs } = chat;
  const started = claimDefinedTask(definition as PlainDefinition<unknown>, {
    ...{ ...invocation?.runTime(), ...(waitUntil && { waitUntil }) },
    ...(heartbeatMs !== undefined && { heartbeatMs }),
    ...{ streamContext: context, taskId, owner, chatId },
    queued: queue && { queue, delayMs: 0 },
    ...{ messageId: turn.answerId, trigger: turn.trigger },
    // All others are in the host's store. They may be of forms that no page sends any more.
    originalMessages: isContinuation(turn) && last ? [last] : [],
    readInput: async () => input,
    storedInput: () => input,
    request: undefined,
    params: {},
  });
  const watched: ResponseWatch | undefined = watch?.respond(taskId, owner);
  return started.toWatchedResponse({ ...(events && { events }) }, watched);
}
