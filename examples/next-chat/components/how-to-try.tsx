import type { ReactNode } from 'react';

/** Hints what to try while the page follows a task, such as to reload it. */
export function HowToTry({
  canFail,
  hasInstances,
  isWide = false,
}: {
  canFail: boolean;
  hasInstances: boolean;
  isWide?: boolean;
}) {
  return (
    <section
      className={isWide ? 'try try-wide' : 'panel side-panel try'}
      aria-labelledby="try-heading"
    >
      <h2 id="try-heading">How to try it</h2>
      <ul>
        <Hint title="Reload">In the middle. The text is back at once, and goes on.</Hint>
        <Hint title="Unplug">For a few seconds. Nothing is lost, nothing comes twice.</Hint>
        <Hint title="Cancel">The model stops writing, not just the page.</Hint>
        {hasInstances ? (
          <>
            <Hint title="Pull the plug">
              The server that writes is killed. Another one goes on behind the last whole section.
            </Hint>
            <Hint title="Deploy">All servers are replaced, one by one. The report goes on.</Hint>
          </>
        ) : (
          <Hint title="More servers">
            Here the tasks are in the memory of one server, and end with it. Start the demo with
            <code> npm run demo -- --instances 3</code> to pull the plug of one that writes.
          </Hint>
        )}
        {canFail && (
          <Hint title="Make it fail">A topic with “fail” in it breaks off half-way.</Hint>
        )}
      </ul>
    </section>
  );
}

function Hint({ title, children }: { title: string; children: ReactNode }) {
  return (
    <li>
      <strong>{title}</strong> {children}
    </li>
  );
}
