import type { Socket } from 'node:net';
import type { Deferred } from './async';
import { createLane } from './lane';
import {
  createReplyMatcher,
  type RedisCommand,
  type RedisMessage,
  toCommand,
} from './redis-replies';
import { createRespReader } from './resp';
import { closed, reset, type Wire } from './tcp-proxy';

/** What becomes of a message that Redis publishes to a subscriber. */
export type MessageTreatment = 'pass' | 'hold' | 'drop' | 'duplicate' | { delayMs: number };

/** The answer to one command that gets lost, or is held. */
export interface AnswerFault {
  matches: (command: RedisCommand) => boolean;
  kind: 'swallow' | 'hold';
  isReleased: boolean;
  answered: Deferred<RedisCommand>;
}

/** What all connections through a proxy go by. */
export interface Faults {
  latencyMs: number;
  treatmentOf(message: RedisMessage): MessageTreatment;
  noteCommand(command: RedisCommand): AnswerFault | undefined;
  noteMessage(): void;
}

/** A connection between a client and Redis. */
export interface FaultWire extends Wire {
  /** Delivers what is due, after a fault has changed. */
  flush(): void;
}

/** Passes bytes between a client and Redis, as the faults allow. */
export function joinSockets({
  near,
  far,
  faults,
}: {
  near: Socket;
  far: Socket;
  faults: Faults;
}): FaultWire {
  const latencyMs = () => faults.latencyMs;
  const up = createLane({ socket: far, latencyMs });
  const down = createLane({ socket: near, latencyMs });
  const commands = createRespReader();
  const replies = createRespReader();
  const matcher = createReplyMatcher<AnswerFault | undefined>();
  let heldMessages: { message: RedisMessage; raw: Buffer }[] = [];

  const cut = () => {
    up.close();
    down.close();
    heldMessages = [];
    reset(near, far);
  };

  const deliver = (message: RedisMessage, raw: Buffer) => {
    const treatment = faults.treatmentOf(message);
    if (treatment === 'hold') heldMessages.push({ message, raw });
    else if (treatment === 'duplicate') down.send(Buffer.concat([raw, raw]));
    else if (treatment === 'pass') down.send(raw);
    else if (treatment !== 'drop') down.sendLater(raw, treatment.delayMs);
  };

  near.on('data', (bytes: Buffer) => {
    for (const { value, raw } of commands.push(bytes)) {
      const command = toCommand(value);
      matcher.sent(command, faults.noteCommand(command));
      up.send(raw);
    }
  });

  far.on('data', (bytes: Buffer) => {
    for (const reply of replies.push(bytes)) {
      const { message, answered } = matcher.received(reply);
      const fault = answered?.context;
      if (message) {
        faults.noteMessage();
        deliver(message, reply.raw);
      } else if (answered && fault?.kind === 'swallow') {
        cut();
        fault.answered.resolve(answered.command);
        return;
      } else {
        down.send(reply.raw, () => fault?.isReleased === false);
        if (answered) fault?.answered.resolve(answered.command);
      }
    }
  });

  for (const socket of [near, far]) socket.on('error', cut);
  near.once('close', () => {
    down.close();
    up.end();
  });
  far.once('close', () => {
    up.close();
    down.end();
  });

  return {
    cut,
    flush() {
      for (const { message, raw } of heldMessages.splice(0)) deliver(message, raw);
      up.flush();
      down.flush();
    },
    closed: closed(near, far),
  };
}
