'use client';

import { useTaskStream } from 'ai-task-stream/react';
import { useEffect, useRef, useState } from 'react';
import { factsOf } from '../lib/report-facts';
import { createUnpluggableFetch } from '../lib/unpluggable-fetch';
import type { writeReport } from '../lib/write-report';
import { HowToTry } from './how-to-try';
import { InstanceControls } from './instance-controls';
import { OutcomeCard } from './outcome-card';
import { ReportSheet } from './report-sheet';
import { RunPanel } from './run-panel';
import { TopicForm } from './topic-form';

/** The whole demo below its masthead: the form, and all that is known of the task. */
export function ReportDesk({
  canFail,
  hasInstances,
}: {
  canFail: boolean;
  /** Whether several servers are behind the address, so that one can go. */
  hasInstances: boolean;
}) {
  const [instance, setInstance] = useState<string>();
  const [network] = useState(() =>
    createUnpluggableFetch({
      onResponse: (response) => setInstance((known) => streamingInstance(response) ?? known),
    }),
  );
  const [isUnplugged, setIsUnplugged] = useState(false);
  const [isCancelling, setIsCancelling] = useState(false);
  const runRef = useRef<HTMLDivElement>(null);
  const task = useTaskStream<typeof writeReport>({
    api: '/api/report',
    resume: true,
    throttleMs: 40,
    fetch: network.fetch,
  });

  const { isActive, status, message } = task;
  const hasTask = isActive || status !== 'idle' || task.error !== undefined;
  const { topic, instance: runner } = factsOf(message.metadata);
  const text = message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

  useEffect(() => {
    if (!isActive) setIsCancelling(false);
  }, [isActive]);

  const plug = (unplugged: boolean) => {
    setIsUnplugged(unplugged);
    if (unplugged) network.unplug();
    else network.plugIn();
  };

  const start = (newTopic: string) => {
    if (isUnplugged) plug(false);
    void task.start({ topic: newTopic });
    runRef.current?.scrollIntoView({ block: 'nearest' });
  };

  const cancel = async () => {
    setIsCancelling(true);
    await task.cancel('Stopped by hand.');
    setIsCancelling(false);
  };

  return (
    <main>
      <section className="intro">
        <h1>A report that outlives its connection</h1>
        <p className="lede">
          The server writes, this page only watches. Reload it, unplug it, close it in the middle:
          the work goes on, and you still get the one result.
        </p>
        <TopicForm isActive={isActive} canFail={canFail} onStart={start} />
      </section>

      <div ref={runRef}>
        {hasTask && (
          <RunPanel
            task={task}
            topic={topic}
            instance={instance}
            isUnplugged={isUnplugged}
            isCancelling={isCancelling}
            onCancel={cancel}
          >
            <button type="button" aria-pressed={isUnplugged} onClick={() => plug(!isUnplugged)}>
              {isUnplugged ? 'Plug the network in' : 'Unplug the network'}
            </button>
            {hasInstances && (
              <InstanceControls runningOn={status === 'running' ? runner : undefined} />
            )}
            {isUnplugged && (
              <p className="aside">The page hears nothing now. The server keeps writing.</p>
            )}
          </RunPanel>
        )}
      </div>

      {hasTask ? (
        <>
          <OutcomeCard
            task={task}
            onRetry={topic === undefined ? undefined : () => start(topic)}
            onResume={() => {
              if (isUnplugged) plug(false);
              void task.resume();
            }}
          />
          <ReportSheet task={task} topic={topic} text={text}>
            {isActive || <HowToTry canFail={canFail} hasInstances={hasInstances} />}
          </ReportSheet>
        </>
      ) : (
        <HowToTry canFail={canFail} hasInstances={hasInstances} isWide />
      )}
    </main>
  );
}

/** The server that a stream comes from, when several servers are behind one address. */
function streamingInstance({ headers }: Response): string | undefined {
  const isStream = headers.get('content-type')?.startsWith('text/event-stream');
  return (isStream && headers.get('x-demo-instance')) || undefined;
}
