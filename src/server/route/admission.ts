import { TaskError } from '../../protocol/task-error';
import { checkNames } from '../log/check-names';
import type { CreateTaskRouteOptions, TaskAction } from './task-route';

/** Who makes a request, and whether they may do what it asks for. */
export interface Admission {
  /** Asks `authorize`; gives the response that refuses, if it does. */
  refusal(
    request: Request,
    action: TaskAction,
    taskId: string | undefined,
  ): Promise<Response | undefined>;
  /** One that could be taken for another is refused before anything happens. */
  askOwner(request: Request): Promise<string | undefined>;
}

export function createAdmission({
  authorize = () => true,
  owner: ownerOf = () => undefined,
}: Pick<CreateTaskRouteOptions, 'authorize' | 'owner'>): Admission {
  return {
    async refusal(request, action, taskId) {
      const answer = await authorize({ request, action, taskId });
      if (answer instanceof Response) return answer;
      if (answer) return undefined;
      throw new TaskError({ code: 'forbidden', message: 'You may not do this with the task.' });
    },
    async askOwner(request) {
      const owner = await ownerOf(request);
      checkNames({ owner });
      return owner;
    },
  };
}
