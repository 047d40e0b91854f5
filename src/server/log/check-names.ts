import { TaskError } from '../../protocol/task-error';

/** Half of a surrogate pair without the other: UTF-8 makes the same of all of them. */
const loneSurrogate = /\p{Surrogate}/u;

function isName(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && !loneSurrogate.test(value));
}

/**
 * Sees to it that what a task is told apart by is told apart everywhere, in every storage.
 *
 * @throws TaskError `invalid-options` that names the option.
 */
export function checkNames(names: {
  readonly owner?: unknown;
  readonly name?: unknown;
  readonly definition?: unknown;
}): void {
  for (const name of ['owner', 'name', 'definition'] as const) {
    if (isName(names[name])) continue;
    throw new TaskError({
      code: 'invalid-options',
      message: `\`${name}\` must be a string without halves of surrogate pairs, or \`undefined\`. Convert it, such as a number by \`String\`.`,
    });
  }
}

/**
 * The same for the id of a chat, which mostly comes from the page.
 *
 * @throws TaskError `invalid-body`.
 */
export function checkChatId(chatId: unknown): void {
  if (isName(chatId)) return;
  throw new TaskError({
    code: 'invalid-body',
    message: 'The id of a chat must be a string without halves of surrogate pairs.',
  });
}
