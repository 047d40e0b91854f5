import { createDeferred } from './async';
import { type AnswerFault, type Faults, joinSockets, type MessageTreatment } from './fault-wire';
import type { RedisCommand, RedisMessage } from './redis-replies';
import { startTcpProxy } from './tcp-proxy';

/** Whether a command is the one. Each is asked about once, in order, so the function may count. */
type Matches = (command: RedisCommand) => boolean;

/** A wire between clients and a Redis server that can be told to misbehave. */
export interface FaultProxy {
  /** The target's address with the proxy in its place. */
  readonly url: string;
  readonly port: number;
  /** How many connections there are. */
  readonly connectionCount: number;

  /** Resets every connection. */
  cut(): void;
  /** From now on nothing listens: new connections are refused. */
  refuse(): void;
  /** Listens again, on the same port. */
  accept(): Promise<void>;
  /**
   * Each way takes that long, for what is under way, too; 0 delivers it at once. With `Infinity`
   * connections stay and nothing passes.
   */
  delay(ms: number): void;

  /**
   * The next command that matches reaches Redis, but its answer gets lost and its connection is
   * cut. Resolves with the command once that has happened.
   */
  swallow(matches: Matches): Promise<RedisCommand>;
  /**
   * Keeps back the answer to the next command that matches, and what follows it on its connection.
   * `answered` resolves once Redis has given it.
   */
  hold(matches: Matches): { readonly answered: Promise<RedisCommand>; release(): void };

  /** How messages are treated from now on. What is held goes out as soon as that is not `hold`. */
  treatMessages(treatment: MessageTreatment | ((message: RedisMessage) => MessageTreatment)): void;
  /** Messages that came from Redis, whatever became of them. */
  readonly messageCount: number;

  /** How often a command was sent, by its name in capitals. */
  count(name: string): number;
  /** Counts the commands that match from now on. */
  tally(matches: Matches): () => number;

  close(): Promise<void>;
}

/** Puts a proxy in front of a server, given by its `redis://` address. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const counts = new Map<string, number>();
  const tallies: ((command: RedisCommand) => void)[] = [];
  let answerFaults: AnswerFault[] = [];
  let messageCount = 0;

  const faults: Faults = {
    latencyMs: 0,
    treatmentOf: () => 'pass',
    noteCommand(command) {
      counts.set(command[0], (counts.get(command[0]) ?? 0) + 1);
      for (const tally of tallies) tally(command);
      const [fault] = answerFaults.filter(({ matches }) => matches(command));
      answerFaults = answerFaults.filter((other) => other !== fault);
      return fault;
    },
    noteMessage() {
      messageCount += 1;
    },
  };

  const addAnswerFault = (kind: AnswerFault['kind'], matches: Matches): AnswerFault => {
    const fault = { kind, matches, isReleased: false, answered: createDeferred<RedisCommand>() };
    answerFaults.push(fault);
    return fault;
  };
  const url = new URL(target);
  const { hostname } = url;
  const { port, wires, cut, refuse, accept, close } = await startTcpProxy(
    { hostname, port: Number(url.port || 6379) },
    (near, far) => joinSockets({ near, far, faults }),
  );
  const flushAll = () => {
    for (const wire of wires) wire.flush();
  };
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    port,
    get connectionCount() {
      return wires.size;
    },
    cut,
    refuse,
    accept,
    delay(ms) {
      faults.latencyMs = ms;
      flushAll();
    },
    swallow: (matches) => addAnswerFault('swallow', matches).answered.promise,
    hold(matches) {
      const fault = addAnswerFault('hold', matches);
      return {
        answered: fault.answered.promise,
        release() {
          fault.isReleased = true;
          flushAll();
        },
      };
    },
    treatMessages(treatment) {
      faults.treatmentOf = typeof treatment === 'function' ? treatment : () => treatment;
      flushAll();
    },
    get messageCount() {
      return messageCount;
    },
    count: (name) => counts.get(name) ?? 0,
    tally(matches) {
      let count = 0;
      tallies.push((command) => {
        if (matches(command)) count += 1;
      });
      return () => count;
    },
    close,
  };
}
