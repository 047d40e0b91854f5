import type { TaskReader, TaskStreamContext } from 'ai-task-stream/server';

/** Counts the readers of a context that are open. */
export function countReaders(streamContext: TaskStreamContext): {
  streamContext: TaskStreamContext;
  open: Set<TaskReader>;
  opened(): number;
} {
  const open = new Set<TaskReader>();
  let opened = 0;
  return {
    open,
    opened: () => opened,
    streamContext: {
      ...streamContext,
      async read(taskId, options) {
        const reader = await streamContext.read(taskId, options);
        if (!reader) return undefined;
        opened++;
        const close = reader.close.bind(reader);
        const counted: TaskReader = Object.create(reader, {
          close: {
            value: () => {
              open.delete(counted);
              close();
            },
          },
        });
        open.add(counted);
        return counted;
      },
    },
  };
}
