import type { ShownWorker } from './web';

const stateWords = {
  writes: 'Writes this report',
  free: 'Waits for work',
  gone: 'Killed, back in a moment',
};

/** The worker processes, and which of them runs the task. */
export function WorkersPanel({
  workers,
  writer,
}: {
  workers: readonly ShownWorker[];
  writer: string | undefined;
}) {
  return (
    <section className="panel workers" aria-labelledby="workers-heading">
      <h2 id="workers-heading">Workers</h2>
      <ul>
        {workers.map(({ name, pid, isGone }) => {
          const state = isGone ? 'gone' : name === writer ? 'writes' : 'free';
          return (
            <li key={name} data-state={state}>
              <span className="worker-name">
                Worker {name} <small>process {pid}</small>
              </span>
              <span className="worker-state">{stateWords[state]}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
