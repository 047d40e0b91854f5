import { useTaskStream } from 'ai-task-stream/react';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { OutcomeCard } from '../next-chat/components/outcome-card';
import { ReportSheet } from '../next-chat/components/report-sheet';
import { RunPanel } from '../next-chat/components/run-panel';
import { TopicForm } from '../next-chat/components/topic-form';
import { Wordmark } from '../next-chat/components/wordmark';
import { factsOf } from '../next-chat/lib/report-facts';
import type { writeReport } from '../next-chat/lib/write-report';
import { useWorkers } from './use-workers';
import { WorkersPanel } from './workers-panel';

/** The report desk of the demo. It is not told that its task runs in another process than the route. */
function WorkersDesk() {
  const task = useTaskStream<typeof writeReport>({
    api: '/api/report',
    resume: true,
    throttleMs: 40,
  });
  const workers = useWorkers();
  const [isCancelling, setIsCancelling] = useState(false);
  const { isActive, status, message } = task;
  const { topic, instance: worker } = factsOf(message.metadata);
  const text = message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const hasTask = isActive || status !== 'idle' || task.error !== undefined;
  // A worker that was killed is not missed before its lease is over.
  const runner = workers.find(({ name, isGone }) => name === worker && !isGone)?.name;
  const writer = status === 'running' ? runner : undefined;

  useEffect(() => {
    if (!isActive) setIsCancelling(false);
  }, [isActive]);

  const start = (newTopic: string) => void task.start({ topic: newTopic });
  const cancel = () => {
    setIsCancelling(true);
    void task.cancel('Stopped by hand.');
  };

  return (
    <main>
      <section className="intro">
        <h1>A report that outlives its worker</h1>
        <p className="lede">
          A worker process writes, the web process only passes on what is written. Kill the worker
          in the middle: another one goes on behind the last whole section.
        </p>
        <TopicForm isActive={isActive} canFail={false} onStart={start} />
      </section>
      <WorkersPanel workers={workers} writer={writer} />
      {hasTask && (
        <>
          <RunPanel
            task={task}
            topic={topic}
            pendingWord="Waiting for a worker"
            isCancelling={isCancelling}
            onCancel={cancel}
          >
            <button
              type="button"
              className="danger"
              disabled={writer === undefined}
              onClick={() => writer && kill(writer)}
            >
              Kill a worker
            </button>
          </RunPanel>
          <OutcomeCard
            task={task}
            onRetry={topic === undefined ? undefined : () => start(topic)}
            onResume={() => void task.resume()}
          />
          <ReportSheet task={task} topic={topic} text={text} />
        </>
      )}
    </main>
  );
}

/** Asks the demo itself to kill the worker that writes. */
function kill(worker: string): void {
  fetch(`/demo/kill?worker=${encodeURIComponent(worker)}`, {
    method: 'POST',
    headers: { 'x-demo-control': '1' },
  }).catch(() => {
    // The page shows by the task what has become of the worker.
  });
}

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <>
      <header className="masthead">
        <Wordmark />
        <p className="model">
          One web process, <strong>three workers</strong> on BullMQ
        </p>
      </header>
      <WorkersDesk />
    </>,
  );
}
