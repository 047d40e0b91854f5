import { TaskError } from '../../protocol/task-error';

/** Reports, once, that a merged stream gives the message another id than the page and the host do. */
export function createMessageIdCheck({
  messageId,
  report,
}: {
  /** The message's id in the task's own `start` chunk. */
  messageId: string | undefined;
  report: (error: TaskError) => unknown;
}): (theirs: string | undefined) => void {
  let hasReported = false;
  return (theirs) => {
    if (hasReported || messageId === undefined || theirs == null || theirs === messageId) return;
    hasReported = true;
    report(
      new TaskError({
        code: 'message-id-ignored',
        message: `A \`start\` chunk calls the message ${JSON.stringify(theirs)}, but the page and \`onSettle\` call it ${JSON.stringify(messageId)}. Pass the id as \`messageId\` to the task, and save in its \`onSettle\`.`,
        details: { messageId, ignored: theirs },
      }),
    );
  };
}
