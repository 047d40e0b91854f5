import type { RespMessage, RespValue } from './resp';

/** A command as the client sent it, the name in capitals. */
export type RedisCommand = readonly [name: string, ...args: string[]];

/** A published message, as it comes to one subscriber. */
export interface RedisMessage {
  channel: string;
  payload: string;
}

/** Matches what Redis sends over one connection with the commands that it answers. */
export interface ReplyMatcher<Context> {
  sent(command: RedisCommand, context: Context): void;
  /** One value from Redis: a message, or the answer to the oldest command that lacks one, or neither. */
  received(reply: RespMessage): {
    message?: RedisMessage;
    answered?: { command: RedisCommand; context: Context };
  };
}

const confirmations = /^[ps]?(un)?subscribe$/;
const messages = /^[ps]?message$/;

export function createReplyMatcher<Context>(): ReplyMatcher<Context> {
  /** Commands without an answer; a subscription is answered once for each channel. */
  const pending: { command: RedisCommand; context: Context; answersDue: number }[] = [];
  const subscriptions = { sharded: 0, others: 0 };
  /** Whether pushes are marked, as in RESP3. In RESP2 a subscriber gets little but pushes. */
  let marksPushes = false;

  const nameOfPush = ({ kind, value }: RespMessage): string | undefined => {
    if (kind === '>') marksPushes = true;
    const isSubscriber = subscriptions.sharded + subscriptions.others > 0;
    const isSubscribing = confirmations.test(pending[0]?.command[0].toLowerCase() ?? '');
    const canBePush =
      kind === '>' || (kind === '*' && !marksPushes && (isSubscriber || isSubscribing));
    return canBePush && Array.isArray(value) ? String(value[0]) : undefined;
  };

  const answerOldest = () => {
    const oldest = pending[0];
    if (!oldest) return {};
    oldest.answersDue -= 1;
    if (oldest.answersDue > 0) return {};
    pending.shift();
    return { answered: { command: oldest.command, context: oldest.context } };
  };

  return {
    sent(command, context) {
      const [name, ...channels] = command;
      const isSubscription = confirmations.test(name.toLowerCase());
      const answersDue = isSubscription ? Math.max(1, channels.length) : 1;
      pending.push({ command, context, answersDue });
    },
    received(reply) {
      const name = nameOfPush(reply);
      const value = reply.value as RespValue[];
      if (name !== undefined && messages.test(name)) {
        const [channel, payload] = value.slice(-2).map(String);
        return { message: { channel: channel!, payload: payload! } };
      }
      if (name !== undefined && confirmations.test(name)) {
        // Redis counts the channels of `ssubscribe` and `sunsubscribe` apart from all others.
        subscriptions[/^s(un)?sub/.test(name) ? 'sharded' : 'others'] = Number(value[2]);
        const answersOldest = pending[0]?.command[0] === name.toUpperCase();
        return answersOldest ? answerOldest() : {};
      }
      // Another push, such as one about a cache, answers nothing.
      if (reply.kind === '>') return {};
      // An error answers a subscription as a whole.
      if (reply.kind === '-' && pending[0]) pending[0].answersDue = 1;
      return answerOldest();
    },
  };
}

/** What a client sent, which is always a list. */
export function toCommand(value: RespValue): RedisCommand {
  if (!Array.isArray(value) || value.length === 0) throw new Error('This is no command.');
  const [name, ...args] = value.map(String);
  return [name!.toUpperCase(), ...args];
}
