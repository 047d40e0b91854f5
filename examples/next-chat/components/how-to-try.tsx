import type { ReactNode } from 'react';

/** Hints what to try while the page follows a task, such as to reload it. */
export function HowToTry({ canFail, isWide = false }: { canFail: boolean; isWide?: boolean }) {
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
