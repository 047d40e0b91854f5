import type { TaskLogData } from 'ai-task-stream';
import { LogLines } from './log-lines';

/** The task's log. */
export function LogPanel({ logs }: { logs: readonly TaskLogData[] }) {
  return (
    <section className="panel side-panel" aria-labelledby="log-heading">
      <h2 id="log-heading">Log</h2>
      <LogLines logs={logs} aria-labelledby="log-heading" />
    </section>
  );
}
