import type { UseTaskStreamResult } from 'ai-task-stream/react';
import type { ReactNode } from 'react';
import type { PlannedSection } from '../lib/generate-report';
import { LogPanel } from './log-panel';
import { OutlinePanel } from './outline-panel';
import { ReportText } from './report-text';

/** The report as far as it is written, with its outline and log beside it, and what is given below. */
export function ReportSheet({
  task: { status, isActive, partials, logs },
  topic,
  text,
  children,
}: {
  task: Pick<
    UseTaskStreamResult<unknown, unknown, PlannedSection>,
    'status' | 'isActive' | 'partials' | 'logs'
  >;
  topic: string | undefined;
  text: string;
  children?: ReactNode;
}) {
  return (
    <div className="sheet">
      <ReportText text={text} topic={topic} isActive={isActive} />
      <aside className="side" aria-label="Details of the task">
        <OutlinePanel planned={partials} text={text} isComplete={status === 'completed'} />
        <LogPanel logs={logs} />
        {children}
      </aside>
    </div>
  );
}
