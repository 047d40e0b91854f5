import { TaskError } from '../../../protocol/task-error';

function check(isValid: boolean, message: string): void {
  if (!isValid) throw new TaskError({ code: 'invalid-options', message });
}

/** @throws TaskError `invalid-options` that says what `createChatRoute` takes. */
export function checkChatOptions(options: object): void {
  const { owner, load, save, execute, whenBusy, generateId, ...others } = options as Partial<
    Record<string, unknown>
  >;
  check(
    owner === 'public' || typeof owner === 'function',
    '`createChatRoute` needs an `owner`: a function that tells who makes a request, or `"public"` for chats that everybody may read and write who knows their ids.',
  );
  for (const [name, value] of Object.entries({ load, save, execute })) {
    check(typeof value === 'function', `\`createChatRoute\` needs \`${name}\`: a function.`);
  }
  check(
    whenBusy === undefined || whenBusy === 'supersede' || whenBusy === 'refuse',
    '`whenBusy` is `supersede` or `refuse`.',
  );
  const { authorize, prepareMessages, onFirstTurn, onSettle } = others;
  const functions = { generateId, authorize, prepareMessages, onFirstTurn, onSettle };
  for (const [name, value] of Object.entries(functions)) {
    const fits = value === undefined || typeof value === 'function';
    check(fits, `\`${name}\` must be a function, or be left out.`);
  }
}
