import type { TaskLogData } from 'ai-task-stream';
import { useEffect, useRef } from 'react';

/** The lines of a task's log, newest in sight. */
export function LogLines({
  logs,
  ...label
}: { logs: readonly TaskLogData[] } & ({ 'aria-label': string } | { 'aria-labelledby': string })) {
  const listRef = useRef<HTMLOListElement>(null);
  const count = logs.length;

  useEffect(() => {
    if (count > 0) listRef.current?.scrollTo({ top: listRef.current.scrollHeight });
  }, [count]);

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
    <div className="log" role="log" tabIndex={0} {...label}>
      {count === 0 && <p className="aside">The task tells here what it does.</p>}
      <ol ref={listRef}>
        {logs.map(({ index, at, level, message }) => (
          <li key={index} data-level={level}>
            <time dateTime={new Date(at).toISOString()}>{clock.format(at)}</time>
            <span>
              {level !== 'info' && <strong className="level">{level}: </strong>}
              {message}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
