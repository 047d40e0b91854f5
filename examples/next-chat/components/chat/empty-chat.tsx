const suggestions = [
  { text: 'Write a report about small harbours', hint: 'Slow work, with steps and progress' },
  { text: 'Tell me a story about a lighthouse', hint: 'A long answer to reload in' },
  { text: 'What can I try here?', hint: 'A short tour' },
];

/** A question for which the practice model breaks off, because of its word "fail". */
const failing = 'Why do good plans fail?';

/** What a chat shows before its first question. */
export function EmptyChat({
  canFail,
  onAsk,
}: {
  canFail: boolean;
  onAsk: (question: string) => void;
}) {
  return (
    <section className="empty-chat" aria-labelledby="empty-heading">
      <h2 id="empty-heading">A chat that outlives its connection</h2>
      <p className="lede">
        The server answers, this page only watches. Reload it, lose the network, come back on
        another tab: the answer goes on, and nothing of it is lost.
      </p>
      <ul className="suggestions">
        {suggestions.map(({ text, hint }) => (
          <li key={text}>
            <button type="button" onClick={() => onAsk(text)}>
              <span>{text}</span>
              <small>{hint}</small>
            </button>
          </li>
        ))}
        {canFail && (
          <li>
            <button type="button" onClick={() => onAsk(failing)}>
              <span>{failing}</span>
              <small>The practice model breaks off half-way</small>
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}
