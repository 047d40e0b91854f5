import { AbstractChat, type ChatInit, type ChatState, type UIMessage } from 'ai';

/** A chat of the installed AI SDK that tells of each change. */
export class ObservableChat<Message extends UIMessage> extends AbstractChat<Message> {
  constructor({ messages = [], ...init }: ChatInit<Message>, onChange: () => void) {
    super({ ...init, state: createObservableState(messages, onChange) });
  }
}

/** State whose lists and messages are never changed in place, for pages that compare by identity. */
function createObservableState<Message extends UIMessage>(
  initialMessages: Message[],
  onChange: () => void,
): ChatState<Message> {
  const values: Pick<ChatState<Message>, 'status' | 'error' | 'messages'> = {
    status: 'ready',
    error: undefined,
    messages: initialMessages,
  };

  function set<Name extends keyof typeof values>(name: Name, value: (typeof values)[Name]): void {
    values[name] = value;
    onChange();
  }

  return {
    get status() {
      return values.status;
    },
    set status(status) {
      set('status', status);
    },
    get error() {
      return values.error;
    },
    set error(error) {
      set('error', error);
    },
    get messages() {
      return values.messages;
    },
    set messages(messages) {
      set('messages', [...messages]);
    },
    pushMessage(message) {
      set('messages', [...values.messages, message]);
    },
    popMessage() {
      set('messages', values.messages.slice(0, -1));
    },
    replaceMessage(index, message) {
      const copy = copyOf(message);
      set(
        'messages',
        values.messages.map((one, at) => (at === index ? copy : one)),
      );
    },
    snapshot: copyOf,
  };
}

/** Of a message a copy that the AI SDK, which grows parts in place, cannot change. */
function copyOf<Value>(value: Value): Value {
  const { parts }: { parts?: unknown } = Object(value);
  if (!Array.isArray(parts)) return value;
  return { ...value, parts: parts.map((part: object) => ({ ...part })) };
}
