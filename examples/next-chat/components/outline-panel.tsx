import { countHeadings } from '../lib/measure-report';
import type { PlannedSection } from '../lib/write-report';

/** The partial results: sections appear as they are planned, and are ticked off as they are written. */
export function OutlinePanel({
  planned,
  text,
  isComplete,
}: {
  planned: readonly PlannedSection[];
  text: string;
  isComplete: boolean;
}) {
  const begun = countHeadings(text);
  const stateOf = (index: number) =>
    isComplete || index < begun - 1 ? 'completed' : index === begun - 1 ? 'running' : 'pending';
  return (
    <section className="panel side-panel" aria-labelledby="outline-heading">
      <h2 id="outline-heading">Outline</h2>
      {planned.length === 0 ? (
        <p className="aside">Sections appear here as they are planned.</p>
      ) : (
        <ol className="outline" aria-label="Partial results">
          {planned.map(({ title }, index) => (
            <li key={title} data-status={stateOf(index)}>
              {title}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
