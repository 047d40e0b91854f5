import { parseArgs } from 'node:util';
import { isTaskId } from '../protocol/task-id';
import { UsageError } from './usage-error';

/** What `follow` is to do. */
export interface FollowCommand {
  name: 'follow';
  /** Address of the route, without the taskId. */
  api: string;
  taskId: string | undefined;
  /** JSON text to start a task with, or `-` for standard input. */
  input: string | undefined;
  cancel: boolean;
  reason: string | undefined;
  headers: [name: string, value: string][];
  partials: boolean;
  json: boolean;
  quiet: boolean;
  maxAttempts: number | undefined;
  maxElapsedMs: number | undefined;
}

/** What the command line asks for. */
export type Command = FollowCommand | { name: 'help' } | { name: 'version' };

const options = {
  'task-id': { type: 'string' },
  input: { type: 'string' },
  cancel: { type: 'boolean', default: false },
  reason: { type: 'string' },
  header: { type: 'string', multiple: true, short: 'H' },
  partials: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  quiet: { type: 'boolean', short: 'q', default: false },
  'max-attempts': { type: 'string' },
  'max-elapsed': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/** @throws UsageError that says what is wrong. */
export function parseArguments(args: string[]): Command {
  const { values, positionals } = readArguments(args);
  if (values.help) return { name: 'help' };
  if (values.version) return { name: 'version' };

  const [name, address, ...more] = positionals;
  if (name !== 'follow') {
    throw new UsageError(name ? `There is no command ${name}.` : 'Say what to do.');
  }
  if (address === undefined) throw new UsageError('Give the address of a task.');
  if (more.length > 0) throw new UsageError('Give one address only.');
  const { cancel, reason, input, partials, json, quiet } = values;
  const { api, taskId: taskIdOfUrl } = parseAddress(address);
  const taskId = values['task-id'] ?? taskIdOfUrl;
  if (taskId === undefined && input === undefined) {
    throw new UsageError('Name the task by ?taskId= or --task-id, or start one with --input.');
  }
  if (taskId !== undefined && !isTaskId(taskId)) {
    throw new UsageError('A taskId has 16 to 128 characters of A-Z, a-z, 0-9, _ and -.');
  }
  if (cancel && input !== undefined) throw new UsageError('Use --cancel without --input.');
  if (reason !== undefined && !cancel) throw new UsageError('Use --reason with --cancel.');
  return {
    name,
    api,
    taskId,
    input,
    cancel,
    reason,
    headers: (values.header ?? []).map(parseHeader),
    partials,
    json,
    quiet,
    maxAttempts: parseCount(values, 'max-attempts'),
    maxElapsedMs: toMs(parseCount(values, 'max-elapsed')),
  };
}

function readArguments(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** An address of this machine, which needs no scheme, as with curl. */
const localAddress = /^(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/?]|$)/i;

function parseAddress(given: string): { api: string; taskId: string | undefined } {
  const address = localAddress.test(given) ? `http://${given}` : given;
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) {
    throw new UsageError('The address must begin with http:// or https://.');
  }
  const url = new URL(address);
  if (url.username || url.password) {
    throw new UsageError("Pass credentials as --header 'authorization: …', not in the address.");
  }
  const taskId = url.searchParams.get('taskId') ?? undefined;
  if (taskId !== undefined) url.searchParams.delete('taskId');
  url.hash = '';
  return { api: url.href, taskId };
}

function parseHeader(header: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/s.exec(header) ?? [];
  try {
    new Headers([[name, value]]);
    return [name, value];
  } catch {
    // The message does not quote the header, whose value may be a secret.
    throw new UsageError("A header has the form 'name: value'.");
  }
}

function parseCount(
  values: Record<string, unknown>,
  name: 'max-attempts' | 'max-elapsed',
): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(String(text))) throw new UsageError(`--${name} takes a whole number.`);
  return Number(text);
}

function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}
