import { expectNone, expectRefusal } from './expectations';
import type { ContractSuite } from './suite';

/** Values that are no strings, and strings that UTF-8 turns into the same bytes as others. */
const notNames: readonly unknown[] = [null, 5, {}, '\ud800', 'a\udfff'];

/** Owners, chats and the like that a storage may not tell apart are refused, and change nothing. */
export function describeNames({ describe, itIf }: ContractSuite): void {
  describe('names that a storage may not tell apart', () => {
    for (const value of notNames) {
      const name = value as string;
      itIf('checks of its own')(`such as ${JSON.stringify(name)} are refused`, async (bench) => {
        const { open, context, taskId } = bench;
        for (const option of ['owner', 'name', 'definition']) {
          await expectRefusal(open({ [option]: name }), 'invalid-options');
        }
        await expectRefusal(open({ chatId: name }), 'invalid-body');
        for (const options of [{ owner: name }, { definition: name }]) {
          await expectRefusal(context.read(taskId, options), 'invalid-options');
          await expectRefusal(context.cancel(taskId, options), 'invalid-options');
        }
        await expectRefusal(context.activeTask('chat', { owner: name }), 'invalid-options');
        await expectRefusal(context.activeTask(name), 'invalid-body');
        expectNone(await context.inspect(taskId));
      });
    }
  });
}
