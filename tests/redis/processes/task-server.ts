// One of several servers: starts and follows tasks as it is told, and tells what comes of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { TaskError, type TaskSettlement } from 'ai-task-stream';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { resumeTask, type StreamTaskOptions, streamTask } from 'ai-task-stream/server';
import { block } from '../../helpers/async';
import { watchStalls } from '../../helpers/stalls';
import type {
  Ended,
  FollowedTask,
  Race,
  Saved,
  ServerCommand,
  ServerReport,
  StartedTask,
  Word,
} from '../../helpers/task-server';

type Execute = StreamTaskOptions<undefined, unknown, Record<string, number>, unknown>['execute'];
type Given = Parameters<Execute>[0];

const streamContext = createRedisStreamContext({
  url: process.env.TASK_SERVER_REDIS_URL,
  keyPrefix: process.env.TASK_SERVER_KEY_PREFIX,
});
/** What responses have brought until now. */
const texts = new Map<number, string>();
/** What tasks were told and have not taken note of yet. */
const mailboxes = new Map<number, { words: Word[]; wake: () => void }>();

function report(id: number, event: string, value: unknown = null): void {
  process.send?.({ id, event, value } satisfies ServerReport);
}

function mailboxOf(id: number) {
  const mailbox = mailboxes.get(id) ?? { words: [], wake: () => {} };
  mailboxes.set(id, mailbox);
  return mailbox;
}

/** The next thing that the test tells a task. */
async function nextWord(id: number): Promise<Word> {
  const mailbox = mailboxOf(id);
  for (;;) {
    const word = mailbox.words.shift();
    if (word !== undefined) return word;
    await new Promise<void>((resolve) => {
      mailbox.wake = resolve;
    });
  }
}

/** Opens parts of every kind, writes to them for ever, and closes none. */
async function keepOpen({ task, writer }: Given, paceMs: number): Promise<never> {
  const toolName = 'search';
  writer.write({ type: 'start-step' });
  writer.write({ type: 'reasoning-start', id: 'thought' });
  writer.write({ type: 'text-start', id: 'text' });
  writer.write({ type: 'tool-input-start', toolCallId: 'typed', toolName });
  writer.write({ type: 'tool-input-start', toolCallId: 'called', toolName });
  writer.write({ type: 'tool-input-available', toolCallId: 'called', toolName, input: 1 });
  void task.step('render', () => new Promise(() => {}));
  for (let n = 0; ; n++) {
    writer.write({ type: 'text-delta', id: 'text', delta: `${n} ` });
    task.partial(n);
    writer.write({ type: 'tool-input-delta', toolCallId: 'typed', inputTextDelta: `${n} ` });
    await sleep(paceMs);
    writer.write({ type: 'reasoning-delta', id: 'thought', delta: `${n} ` });
    task.progress({ value: n });
    task.log(`line ${n}`);
  }
}

/** Opens and closes one part after the other, for ever. */
async function cycle({ task, writer }: Given, paceMs: number): Promise<never> {
  for (let n = 0; ; n++) {
    const [id, toolCallId, toolName] = [`text-${n}`, `call-${n}`, 'search'];
    const chunks: Parameters<typeof writer.write>[0][] = [
      { type: 'start-step' },
      { type: 'text-start', id },
      { type: 'text-delta', id, delta: `${n}` },
      { type: 'text-end', id },
      { type: 'tool-input-start', toolCallId, toolName },
      { type: 'tool-input-delta', toolCallId, inputTextDelta: '{}' },
      { type: 'tool-input-available', toolCallId, toolName, input: {} },
      { type: 'tool-output-available', toolCallId, output: 1, preliminary: true },
      { type: 'tool-output-available', toolCallId, output: 2 },
      { type: 'finish-step' },
    ];
    for (const chunk of chunks) {
      writer.write(chunk);
      await sleep(paceMs);
    }
    task.partial(n);
  }
}

/** Writes as many lines as it is told, until it is told to finish. */
async function obey({ writer, task }: Given, id: number): Promise<string> {
  writer.write({ type: 'text-start', id: 'text' });
  for (let count = 1; ; count++) {
    const word = await nextWord(id);
    if (word === 'finish') return 'done';
    if (typeof word === 'string') continue;
    if ('text' in word) {
      writer.write({ type: 'text-delta', id: 'text', delta: word.text });
      report(id, `wrote ${count}`);
      continue;
    }
    for (let n = 0; n < word.lines; n++) task.log('line');
    report(id, `wrote ${count}`);
  }
}

async function execute(given: Given, id: number, { work, paceMs = 10 }: StartedTask) {
  const { signal } = given;
  signal.addEventListener('abort', () => {
    const reason: unknown = signal.reason;
    const isDOMException = reason instanceof DOMException;
    report(id, 'aborted', {
      isDOMException,
      name: isDOMException && reason.name,
      code: isDOMException && TaskError.isInstance(reason.cause) && reason.cause.code,
    });
  });
  if (work === 'obey') return obey(given, id);
  await nextWord(id);
  return work === 'cycle' ? cycle(given, paceMs) : keepOpen(given, paceMs);
}

/** Reads a response to its end, and tells when it has begun to bring frames. */
async function readBody(id: number, response: Response): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  const stalledMs = watchStalls();
  let settled: Pick<Ended, 'settledAt' | 'stalledMs'> | undefined;
  let isReading = false;
  for await (const bytes of response.body ?? []) {
    const write = decoder.decode(bytes, { stream: true });
    text += write;
    texts.set(id, text);
    if (write.includes('"data-task-settle"')) {
      settled ??= { settledAt: Date.now(), stalledMs: stalledMs() };
    }
    if (!isReading && write !== 'retry: 1000\n\n') {
      isReading = true;
      report(id, 'reading');
    }
  }
  report(id, 'ended', { status: response.status, text, ...settled });
}

function note(id: number, error: unknown): void {
  console.error(error);
  report(id, 'problem', String(error));
}

/** Saves an outcome as the test wants it. */
async function save(id: number, saving: StartedTask['saving'], event: Saved): Promise<void> {
  report(id, 'saving', event);
  report(id, 'settled', event.status);
  if (saving === 'obey' && (await nextWord(id)) === 'fail') throw new Error('It is not saved.');
}

async function start(id: number, given: StartedTask): Promise<void> {
  const { taskId, chatId, heartbeatMs, graceMs, saving, continued } = given;
  const task = streamTask({
    streamContext,
    taskId,
    chatId,
    heartbeatMs,
    graceMs,
    steps: { render: 1 },
    execute: (options: Given) => execute(options, id, given),
    originalMessages: continued && [continued],
    onSettle: (event) => save(id, saving, event),
    onError: (error) => note(id, error),
    waitUntil(released) {
      void released.then(() => report(id, 'released'));
    },
  });
  task.result.then(
    (result) => report(id, 'result', { result }),
    (error: TaskError) => report(id, 'result', { error: error.toJSON() }),
  );
  const response = await task.toResponse();
  report(id, 'started', response.status);
  await readBody(id, response);
}

async function follow(id: number, { cursor, saving, ...task }: FollowedTask): Promise<void> {
  const headers = cursor === undefined ? undefined : { 'last-event-id': cursor };
  const request = new Request('http://localhost/task', { headers });
  const response = await resumeTask({
    ...{ ...task, streamContext, request },
    ...(saving && { onSettle: (event) => save(id, saving, event) }),
    onError: (error) => note(id, error),
    waitUntil(delivering) {
      void delivering.then(() => report(id, 'delivered'));
    },
  }).toResponse();
  report(id, 'answered', response.status);
  await readBody(id, response);
}

/** Takes part in races for taskIds: each begins at a moment of its own. */
async function race(id: number, { taskIds, startAt, spacingMs }: Race): Promise<void> {
  const executed: string[] = [];
  const run = async (taskId: string) => {
    const task = streamTask({
      streamContext,
      taskId,
      async execute({ task: reporter }) {
        executed.push(taskId);
        reporter.log(`by ${process.pid}`);
        await sleep(1);
        reporter.partial({ by: process.pid });
        return process.pid;
      },
    });
    const response = await task.toResponse();
    const text = await response.text();
    const settlement: TaskSettlement = await task.consume();
    return { taskId, status: response.status, text, settlement };
  };
  const running: ReturnType<typeof run>[] = [];
  for (const [index, taskId] of taskIds.entries()) {
    const at = startAt + index * spacingMs;
    await sleep(Math.max(0, at - Date.now() - 2));
    // More exact than a timer.
    while (Date.now() < at);
    running.push(run(taskId));
  }
  report(id, 'raced', { executed, runs: await Promise.all(running) });
}

async function handle(command: ServerCommand): Promise<void> {
  const { id } = command;
  switch (command.do) {
    case 'start':
      return start(id, command.task);
    case 'follow':
      return follow(id, command.task);
    case 'race':
      return race(id, command.race);
    case 'text':
      return report(id, 'text', texts.get(command.of) ?? '');
    case 'tell': {
      const mailbox = mailboxOf(command.to);
      mailbox.words.push(command.word);
      return mailbox.wake();
    }
    case 'block':
      block(command.ms);
      return report(id, 'unblocked');
  }
}

process.on('message', (command: ServerCommand) => {
  handle(command).catch((error: unknown) => report(command.id, 'failed', String(error)));
});
process.on('unhandledRejection', (error) => report(0, 'failed', `unhandled ${String(error)}`));
report(0, 'up');
