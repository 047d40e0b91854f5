import { TaskError } from '../../protocol/task-error';
import { checkNames } from '../log/check-names';
import type { CreateTaskRouteOptions, TaskAction } from './task-route';

/** Tells who makes a request, and whether they may do what the request asks for. */
export interface Admission {
  /**
   * Asks `authorize`; resolves with the host's own response if that refuses the request.
   *
   * @throws TaskError `forbidden` when `authorize` returns false.
   */
  refusal(
    request: Request,
    action: TaskAction,
    taskId: string | undefined,
  ): Promise<Response | undefined>;
  /**
   * Asks `owner` who makes the request.
   *
   * @throws TaskError `invalid-options` for an owner that a storage could take for another one.
   */
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
