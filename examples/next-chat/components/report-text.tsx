import { Markdown } from './markdown';

/** The growing text, on paper. */
export function ReportText({
  text,
  topic,
  isActive,
}: {
  text: string;
  topic: string | undefined;
  isActive: boolean;
}) {
  return (
    <article className="paper" aria-label="Report" aria-busy={isActive} data-growing={isActive}>
      {topic && <h2 className="paper-title">{topic}</h2>}
      {text === '' ? (
        <p className="paper-empty">
          {isActive ? 'The first words follow the outline.' : 'Nothing was written.'}
        </p>
      ) : (
        <div className="prose">
          <Markdown text={text} />
        </div>
      )}
    </article>
  );
}
