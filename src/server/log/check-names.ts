import { TaskError } from '../../protocol/task-error';

/** A lone half of a surrogate pair: UTF-8 turns all of them into the same bytes. */
const loneSurrogate = /\p{Surrogate}/u;

function isName(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && !loneSurrogate.test(value));
}

/**
 * Refuses names that some storage could take for others: only strings that UTF-8 keeps pass.
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
 * Refuses ids of chats, which mostly come from a page, that some storage could take for others.
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
