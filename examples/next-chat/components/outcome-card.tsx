import type { UseTaskStreamResult } from 'ai-task-stream/react';
import type { ReactNode } from 'react';
import type { PlannedSection, ReportFacts } from '../lib/generate-report';

/** The task's outcome; or, when the page has stopped following the task, the way back to it. */
export function OutcomeCard({
  task: { status, result, error, settlement, isActive },
  onRetry,
  onResume,
}: {
  task: Pick<
    UseTaskStreamResult<unknown, ReportFacts, PlannedSection>,
    'status' | 'result' | 'error' | 'settlement' | 'isActive'
  >;
  onRetry: (() => void) | undefined;
  onResume: () => void;
}) {
  if (isActive) return null;
  if (status === 'completed' && result) {
    return (
      <Card kind="completed" title="The report is ready">
        <dl className="facts">
          <Fact label="Words">{result.words}</Fact>
          <Fact label="Reading time">{result.readingMinutes} min</Fact>
          <Fact label="Sections">{result.sections.length}</Fact>
          <Fact label="Written in">{seconds(settlement?.durationMs)}</Fact>
        </dl>
      </Card>
    );
  }
  if (status === 'cancelled') {
    return (
      <Card kind="cancelled" title="Cancelled">
        <p>
          {settlement?.error?.message ?? 'The task was asked to stop.'} What was written stays
          below.
        </p>
        {onRetry && <Retry onRetry={onRetry}>Write it again</Retry>}
      </Card>
    );
  }
  if (status === 'failed') {
    return (
      <Card kind="failed" title="The report failed" isAlert>
        <p>{error?.message}</p>
        <p className="aside">
          Code <code>{error?.code}</code>, after {seconds(settlement?.durationMs)}
        </p>
        {onRetry && <Retry onRetry={onRetry}>Try again</Retry>}
      </Card>
    );
  }
  if (!error) return null;
  return (
    <Card kind="failed" title="This page lost sight of the task" isAlert>
      <p>{error.message}</p>
      <p className="aside">
        Code <code>{error.code}</code>
      </p>
      <div className="actions">
        <button type="button" className="primary" onClick={onResume}>
          Look again
        </button>
      </div>
    </Card>
  );
}

function Card({
  kind,
  title,
  isAlert = false,
  children,
}: {
  kind: string;
  title: string;
  isAlert?: boolean;
  children: ReactNode;
}) {
  return (
    <section
      className="panel outcome"
      data-kind={kind}
      role={isAlert ? 'alert' : 'status'}
      aria-label={title}
    >
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Retry({ onRetry, children }: { onRetry: () => void; children: ReactNode }) {
  return (
    <div className="actions">
      <button type="button" className="primary" onClick={onRetry}>
        {children}
      </button>
    </div>
  );
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${(ms / 1000).toFixed(1)} s`;
}
