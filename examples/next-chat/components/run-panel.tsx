import type { UseTaskStreamResult } from 'ai-task-stream/react';
import { ConnectionBadge } from './connection-badge';
import { InstanceControls } from './instance-controls';
import { StepBar } from './step-bar';
import { timeLeft } from './time-left';

const statusWords = {
  idle: 'Starting',
  pending: 'Starting',
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
  runningOn,
  hasInstances,
  isUnplugged,
  isCancelling,
  onCancel,
  onPlug,
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
  instance: string | undefined;
  /** The server that runs the task, where there are several. */
  runningOn: string | undefined;
  hasInstances: boolean;
  isUnplugged: boolean;
  isCancelling: boolean;
  onCancel: () => void;
  onPlug: (unplugged: boolean) => void;
}) {
  // The page has left the task before its outcome, and does not know whether the task goes on.
  const isOutOfSight = !isActive && (status === 'pending' || status === 'running');
  // The server that ran the task is gone, and another one has yet to take it up.
  const isWaiting = status === 'pending' && steps.length > 0;
  const statusWord = isOutOfSight
    ? 'Out of sight'
    : isCancelling
      ? 'Stopping'
      : isWaiting
        ? 'Waiting for a server'
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
          <button type="button" aria-pressed={isUnplugged} onClick={() => onPlug(!isUnplugged)}>
            {isUnplugged ? 'Plug the network in' : 'Unplug the network'}
          </button>
          {hasInstances && <InstanceControls runningOn={isWaiting ? undefined : runningOn} />}
          {isUnplugged && (
            <p className="aside">The page hears nothing now. The server keeps writing.</p>
          )}
        </div>
      )}
    </section>
  );
}
