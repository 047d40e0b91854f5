import { TaskError } from '../../../protocol/task-error';
import { checkNames } from '../../log/check-names';
import type { TaskAction } from '../task-route';
import type { PlainChat } from './plain-chat';

/** Somebody who may do with a chat what they ask for, or the answer that refuses it. */
type Admitted =
  | { readonly owner: string | undefined; readonly refused?: undefined }
  | { readonly refused: Response };

/** Tells who makes a request, and whether they may do what it asks for. */
export interface ChatAdmission {
  /** @throws TaskError `unauthorized`, `forbidden`; `invalid-options` for an owner that is no name. */
  admit(
    request: Request,
    asked: { action: TaskAction; chatId: string; taskId: string | undefined },
  ): Promise<Admitted>;
}

export function createChatAdmission({
  owner: ownerOf,
  authorize = () => true,
}: Pick<PlainChat, 'owner' | 'authorize'>): ChatAdmission {
  const askOwner = async (request: Request): Promise<string | undefined> => {
    if (ownerOf === 'public') return undefined;
    const owner = await ownerOf(request);
    if (owner === undefined || owner === null) {
      throw new TaskError({ code: 'unauthorized', message: 'Sign in to use this chat.' });
    }
    checkNames({ owner });
    return owner;
  };
  return {
    async admit(request, asked) {
      const owner = await askOwner(request);
      const answer = await authorize({ request, owner, ...asked });
      if (answer instanceof Response) return { refused: answer };
      if (answer) return { owner };
      throw new TaskError({ code: 'forbidden', message: 'You may not do this with the chat.' });
    },
  };
}
