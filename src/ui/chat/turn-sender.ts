import type { ChatTransport, UIMessage } from 'ai';
import { messageOfTurn } from '../one-file-layout';
import { tellable } from './chat-error';
import type { FailedTurn } from './reconcile-chat';
import type { ToolAnswers } from './tool-answers';

/** The transport of a chat, with what its turns have come to. */
export interface TurnSender<Message extends UIMessage> {
  readonly transport: ChatTransport<Message>;
  /** The request of a turn, until it is answered. Never rejects. */
  readonly pending: Promise<unknown> | undefined;
  /** The turn that the server has not answered, if it is the newest. */
  readonly failed: FailedTurn<Message> | undefined;
  forgetFailed(): void;
  /** Notes which messages are shown before a turn begins, which may take some of them away. */
  begin(messages: readonly Message[]): void;
}

export function createTurnSender<Message extends UIMessage>({
  createTransport,
  answers,
  onSend,
  onFollow,
}: {
  /** Makes the transport of a request, with the options of the newest render. */
  createTransport: () => ChatTransport<Message>;
  answers: ToolAnswers<Message>;
  onSend: () => void;
  /** Called when the chat has got the stream of an answer, right before it is `submitted`. */
  onFollow: () => void;
}): TurnSender<Message> {
  let idsBefore: readonly string[] = [];
  let pending: Promise<unknown> | undefined;
  let failed: FailedTurn<Message> | undefined;

  async function send(
    turn: Parameters<ChatTransport<Message>['sendMessages']>[0],
  ): ReturnType<ChatTransport<Message>['sendMessages']> {
    onSend();
    failed = undefined;
    const [message] = messageOfTurn(turn);
    const putBack = answers.take(message);
    const knownIds = new Set([...idsBefore, ...turn.messages.map(({ id }) => id)]);
    try {
      return await createTransport().sendMessages(turn);
    } catch (error) {
      putBack();
      if (!turn.abortSignal?.aborted) failed = { message, knownIds };
      throw tellable(error);
    }
  }

  const transport = {
    // A reconnect brings the whole response, compacted, as AI SDK 7 wants to know.
    resumeStreamIsReplay: true as const,
    sendMessages(turn: Parameters<typeof send>[0]) {
      const sent = send(turn);
      const own = sent.then(ignore, ignore).then(() => {
        if (pending === own) pending = undefined;
      });
      pending = own;
      return sent;
    },
    async reconnectToStream(given: Parameters<ChatTransport<Message>['reconnectToStream']>[0]) {
      try {
        const stream = await createTransport().reconnectToStream(given);
        if (stream) onFollow();
        return stream;
      } catch (error) {
        throw tellable(error);
      }
    },
  };

  return {
    transport,
    get pending() {
      return pending;
    },
    get failed() {
      return failed;
    },
    forgetFailed() {
      failed = undefined;
    },
    begin(messages) {
      idsBefore = messages.map(({ id }) => id);
    },
  };
}

function ignore(): void {}
