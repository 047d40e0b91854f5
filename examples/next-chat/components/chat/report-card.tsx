import type { TaskStep } from 'ai-task-stream';
import { useTaskStream } from 'ai-task-stream/react';
import type { ReactNode } from 'react';
import type { ChatMessage } from '../../lib/chat-message';
import { countHeadings } from '../../lib/measure-report';
import type { ReportDraft } from '../../lib/report-tool';
import { LogLines } from '../log-lines';
import { Markdown } from '../markdown';
import { Outline } from '../outline';
import { StepBar } from '../step-bar';
import { timeLeft } from '../time-left';

type ReportCall = Extract<ChatMessage['parts'][number], { type: 'tool-writeReport' }>;

const statusWords = {
  idle: 'Starting a report',
  pending: 'Starting a report',
  running: 'Writing a report',
  completed: 'Report',
  failed: 'Report, broken off',
  cancelled: 'Report, stopped',
  unsettled: 'Report, out of sight',
};

/** What came of a call of `writeReport`. */
export function ReportCard({ message, call }: { message: ChatMessage; call: ReportCall }) {
  const taskId = taskIdOf(message, call.toolCallId);
  if (taskId) return <ReportTask message={message} call={call} taskId={taskId} />;
  const hasFailed = call.state === 'output-error';
  return (
    <Card topic={call.input?.topic} status={hasFailed ? 'failed' : 'pending'}>
      {hasFailed && <p className="note">{call.errorText}</p>}
    </Card>
  );
}

/** The task of the call: its progress, and the report as far as it is written. */
function ReportTask({
  message,
  call,
  taskId,
}: {
  message: ChatMessage;
  call: ReportCall;
  taskId: string;
}) {
  const task = useTaskStream({ message, taskId });
  const { status, steps, percent, progress, remainingMs, logs, settlement, error } = task;
  const draft = draftOf(message, call.toolCallId);
  const topic = draft?.topic ?? call.input?.topic;
  const label = labelOf(topic);
  const shown = percent === undefined ? undefined : Math.floor(percent);
  const remaining = remainingMs === undefined ? undefined : timeLeft(remainingMs);

  return (
    <Card topic={topic} status={status}>
      {!settlement && (
        <>
          <div className="run-figures">
            <p className="percent">
              {shown ?? '–'}
              <small>%</small>
            </p>
            <p className="run-message">{progress?.message}</p>
            {remaining && <p className="remaining">{remaining}</p>}
          </div>
          <StepBar
            label={label}
            steps={steps}
            percent={shown}
            valueText={[shown !== undefined && `${shown} percent`, remaining]
              .filter(Boolean)
              .join(', ')}
          />
        </>
      )}
      {call.output && (
        <p className="card-facts">
          {call.output.words} words in {call.output.sections} sections, {call.output.readingMinutes}{' '}
          min to read
          {settlement && (
            <>
              , written in <time>{(settlement.durationMs / 1000).toFixed(1)} s</time>
            </>
          )}
        </p>
      )}
      {status === 'failed' && <p className="note">{error?.message}</p>}
      {draft && !settlement && <Sections draft={draft} isWriting={steps.some(isWriting)} />}
      {!settlement && <LogLines logs={logs} aria-label={`Log of the ${label}`} />}
      {draft?.markdown && (
        <details className="document">
          <summary>{call.output ? 'Read the report' : 'Read what is written'}</summary>
          <div className="prose">
            <Markdown text={draft.markdown} within="card" />
          </div>
        </details>
      )}
    </Card>
  );
}

function Card({
  topic,
  status,
  children,
}: {
  topic: string | undefined;
  status: keyof typeof statusWords;
  children: ReactNode;
}) {
  return (
    <section className="report-card" aria-label={labelOf(topic)} data-status={status}>
      <header>
        <p className="status">{statusWords[status]}</p>
        {topic && <h3>{topic}</h3>}
      </header>
      {children}
    </section>
  );
}

/** The sections that are planned; those that are written are ticked off. */
function Sections({
  draft: { outline, markdown },
  isWriting,
}: {
  draft: ReportDraft;
  isWriting: boolean;
}) {
  const written = countHeadings(markdown);
  return (
    <Outline
      label="Sections"
      titles={outline}
      stateOf={(index) =>
        index < written ? 'completed' : isWriting && index === written ? 'running' : 'pending'
      }
    />
  );
}

function isWriting({ name, status }: TaskStep): boolean {
  return name === 'write' && status === 'running';
}

function labelOf(topic: string | undefined): string {
  return topic ? `Report: ${topic}` : 'Report';
}

/** The task of a tool call; if the call was tried again, its newest task. */
function taskIdOf({ parts }: ChatMessage, toolCallId: string): string | undefined {
  const tasks = parts.flatMap((part) => (part.type === 'data-task' ? [part.data] : []));
  return tasks.findLast((task) => task.toolCallId === toolCallId)?.taskId;
}

function draftOf({ parts }: ChatMessage, toolCallId: string): ReportDraft | undefined {
  const drafts = parts.filter((part) => part.type === 'data-report');
  return drafts.find(({ id }) => id === toolCallId)?.data;
}
