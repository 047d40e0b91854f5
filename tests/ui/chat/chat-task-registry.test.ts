import { beforeEach, describe, expect, it, vi } from 'vitest';
import { log, partial, settle, snapshot, taskId } from '../../helpers/recording';

const cancel = async () => true;
const inner = 'inner-0123456789abcdef';

/** A line of the log of a task that runs within the recorded one. */
function innerLog(message: string): { type: string } {
  const data = { taskId: inner, index: 0, level: 'info', message, at: 3 };
  return { type: 'data-task-log', data } as { type: string };
}

describe('what a page saw pass of its chats', () => {
  let registry: typeof import('../../../src/ui/chat-task-registry');

  beforeEach(async () => {
    vi.resetModules();
    registry = await import('../../../src/ui/chat-task-registry');
  });

  it('is kept by task, with each log line and partial result once', () => {
    const { openChatTask, updateChatTask, getChatTask } = registry;
    const chunks = [snapshot(), log(0, 'one'), partial(0, 'a'), log(1, 'two')];
    updateChatTask(taskId, { chunks });
    expect(getChatTask(taskId)).toBeUndefined();
    openChatTask(taskId, cancel);
    updateChatTask(taskId, { chunks });
    updateChatTask(taskId, { connection: 'closed', isStalled: true });
    // A replay begins anew.
    openChatTask(taskId, cancel);
    updateChatTask(taskId, { chunks: [...chunks, partial(1, 'b'), settle()] });
    const seen = getChatTask(taskId);
    expect(seen).toMatchObject({ connection: 'connected', isStalled: false });
    expect(seen?.task).toMatchObject({ taskId, status: 'completed', partials: ['a', 'b'] });
    expect(seen?.task.logs.map(({ message }) => message)).toEqual(['one', 'two']);
  });

  it('is found by the name of a task that ran within another, too', () => {
    const { openChatTask, updateChatTask, getChatTask } = registry;
    openChatTask(taskId, cancel);
    updateChatTask(taskId, { chunks: [snapshot(), innerLog('deep')] });
    expect(getChatTask(inner)).toBe(getChatTask(taskId));
    expect(getChatTask(inner)?.task.children[inner]?.logs).toHaveLength(1);
    expect(getChatTask('toString')).toBeUndefined();
  });

  it('tells its listeners of changes to their task, and of nothing else', () => {
    const { openChatTask, updateChatTask, subscribeToChatTask, getChatTask } = registry;
    const heard: string[] = [];
    const leave = subscribeToChatTask(taskId, () => heard.push('task'));
    subscribeToChatTask(inner, () => heard.push('inner'));
    subscribeToChatTask('other', () => heard.push('other'));
    openChatTask(taskId, cancel);
    expect(heard.splice(0)).toEqual(['task']);
    updateChatTask(taskId, { chunks: [snapshot()] });
    expect(heard.splice(0)).toEqual(['task']);
    updateChatTask(taskId, { chunks: [innerLog('deep')] });
    expect(heard.splice(0)).toEqual(['task', 'inner']);
    const before = getChatTask(taskId);
    updateChatTask(taskId, { isStalled: false, chunks: [{ type: 'text-delta' }] });
    expect(heard).toEqual([]);
    expect(getChatTask(taskId)).toBe(before);
    leave();
    updateChatTask(taskId, { isStalled: true });
    expect(heard.splice(0)).toEqual(['inner']);
  });

  it('is bounded: the task without news for longest is dropped first', () => {
    const { openChatTask, updateChatTask, getChatTask, subscribeToChatTask } = registry;
    const name = (n: number) => `task-${n}-0123456789abcdef`;
    const heard: number[] = [];
    for (let n = 0; n < 100; n++) {
      openChatTask(name(n), cancel);
      subscribeToChatTask(name(n), () => heard.push(n));
    }
    updateChatTask(name(0), { connection: 'closed' });
    expect(heard.splice(0)).toEqual([0]);
    openChatTask(name(100), cancel);
    expect(heard).toEqual([1]);
    expect(getChatTask(name(1))).toBeUndefined();
    expect(getChatTask(name(0))?.connection).toBe('closed');
    expect(getChatTask(name(100))).toBeDefined();
  });
});
