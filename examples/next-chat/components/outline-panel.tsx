import type { PlannedSection } from '../lib/generate-report';
import { countHeadings } from '../lib/measure-report';
import { Outline } from './outline';

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
  return (
    <section className="panel side-panel" aria-labelledby="outline-heading">
      <h2 id="outline-heading">Outline</h2>
      {planned.length === 0 ? (
        <p className="aside">Sections appear here as they are planned.</p>
      ) : (
        <Outline
          label="Partial results"
          titles={planned.map(({ title }) => title)}
          stateOf={(index) =>
            isComplete || index < begun - 1
              ? 'completed'
              : index === begun - 1
                ? 'running'
                : 'pending'
          }
        />
      )}
    </section>
  );
}
