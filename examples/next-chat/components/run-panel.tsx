import type { UseTaskStreamResult } from 'ai-task-stream/react';
import type { ReactNode } from 'react';
import { ConnectionBadge } from './connection-badge';
import { StepBar } from './step-bar';
import { timeLeft } from './time-left';

const statusWords = {
  idle: 'Starting',
  running: 'Writing',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
  unsettled: 'Out of sight',
};

/** Where the task stands, and what can be done to it. */
export function RunPanel({
  task: { status, attempt, steps, percent, remainingMs, progress, connection, isActive, isStalled },
  topic,
  instance,
  pendingWord,
  isUnplugged = false,
  isCancelling,
  onCancel,
  children,
}: {
  task: Pick<
    UseTaskStreamResult,
    | 'status'
    | 'attempt'
    | 'steps'
    | 'percent'
    | 'remainingMs'
    | 'progress'
    | 'connection'
    | 'isActive'
    | 'isStalled'
  >;
  topic: string | undefined;
  /** The server at the other end, where there are several. */
  instance?: string | undefined;
  /** What is said while nobody runs the task. */
  pendingWord?: string;
  isUnplugged?: boolean;
  isCancelling: boolean;
  onCancel: () => void;
  /** What else can be done while the task is not over. */
  children?: ReactNode;
}) {
  // The page has left the task before its outcome, and does not know whether the task goes on.
  const isOutOfSight = !isActive && (status === 'pending' || status === 'running');
  // With steps, the server that ran the task is gone, and another one has yet to take it up.
  const waitingWord = pendingWord ?? (steps.length > 0 ? 'Waiting for a server' : 'Starting');
  const statusWord = isOutOfSight
    ? 'Out of sight'
    : isCancelling
      ? 'Stopping'
      : status === 'pending'
        ? waitingWord
        : statusWords[status];
  const shown = percent === undefined ? undefined : Math.floor(percent);
  const remaining = isActive && remainingMs !== undefined ? timeLeft(remainingMs) : undefined;

  return (
    <section className="panel run" aria-label="Progress of the report" data-status={status}>
      <div className="run-head">
        <p className="run-title">
          <span className="status" role="status">
            {statusWord}
          </span>
          {attempt !== undefined && attempt > 1 && (
            <span className="attempt">Attempt {attempt}</span>
          )}
          {topic && <span className="run-topic">{topic}</span>}
        </p>
        <ConnectionBadge
          connection={connection}
          instance={instance}
          isStalled={isStalled}
          isUnplugged={isUnplugged}
        />
      </div>

      <div className="run-figures">
        <p className="percent">
          {shown ?? '–'}
          <small>%</small>
        </p>
        <p className="run-message">{isActive ? (progress?.message ?? ' ') : ' '}</p>
        {remaining && <p className="remaining">{remaining}</p>}
      </div>

      <StepBar
        label="Report"
        steps={steps}
        percent={shown}
        valueText={[shown !== undefined && `${shown} percent`, remaining]
          .filter(Boolean)
          .join(', ')}
      />

      {isActive && (
        <div className="actions">
          <button type="button" className="danger" onClick={onCancel} disabled={isCancelling}>
            {isCancelling ? 'Stopping …' : 'Cancel'}
          </button>
          {children}
        </div>
      )}
    </section>
  );
}
