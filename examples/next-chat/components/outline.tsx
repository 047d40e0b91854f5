/** The sections of a report, each with how far it is. */
export function Outline({
  label,
  titles,
  stateOf,
}: {
  label: string;
  titles: readonly string[];
  stateOf: (index: number) => 'pending' | 'running' | 'completed';
}) {
  return (
    <ol className="outline" aria-label={label}>
      {titles.map((title, index) => (
        <li key={title} data-status={stateOf(index)}>
          {title}
        </li>
      ))}
    </ol>
  );
}
