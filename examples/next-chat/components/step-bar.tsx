import type { TaskStep } from 'ai-task-stream';
import type { CSSProperties } from 'react';

/** The steps to show until the task has told its own. */
const expectedSteps: readonly TaskStep[] = [
  { name: 'outline', weight: 15, status: 'pending' },
  { name: 'write', weight: 75, status: 'pending' },
  { name: 'polish', weight: 10, status: 'pending' },
];

const stateWords = {
  pending: 'waiting',
  running: 'running',
  completed: 'done',
  failed: 'stopped',
};

/** Overall progress, with one segment per step, as wide as the step is heavy. */
export function StepBar({
  label,
  steps,
  percent,
  valueText,
}: {
  label: string;
  steps: readonly TaskStep[];
  percent: number | undefined;
  valueText: string;
}) {
  const shown = steps.length > 0 ? steps : expectedSteps;
  const columns = shown.map(({ weight }) => `minmax(var(--narrowest), ${weight}fr)`).join(' ');
  return (
    <div style={{ '--columns': columns } as CSSProperties}>
      <div
        className="bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={valueText || undefined}
      >
        {shown.map((step) => (
          <span className="segment" key={step.name} data-status={step.status}>
            <span className="fill" style={{ width: `${fractionOf(step) * 100}%` }} />
          </span>
        ))}
      </div>
      <ol className="steps" aria-label="Steps">
        {shown.map(({ name, status }) => (
          <li key={name} data-status={status}>
            <span className="step-mark" aria-hidden="true" />
            <span className="step-name">{name}</span>
            <span className="step-state">{stateWords[status]}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function fractionOf({ status, progress }: TaskStep): number {
  if (status === 'completed') return 1;
  return progress?.total ? Math.min(1, progress.value / progress.total) : 0;
}
