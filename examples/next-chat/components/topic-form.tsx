import { type FormEvent, useId, useState } from 'react';

const suggestions = [
  'Four-day weeks in small companies',
  'Why cities plant trees',
  'Learning the cello at fifty',
];

/** Asks for the topic. */
export function TopicForm({
  isActive,
  canFail,
  onStart,
}: {
  isActive: boolean;
  canFail: boolean;
  onStart: (topic: string) => void;
}) {
  const [topic, setTopic] = useState(suggestions[0] ?? '');
  const fieldId = useId();
  const trimmed = topic.trim();

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (trimmed.length >= 2 && !isActive) onStart(trimmed);
  };

  return (
    <form className="topic" onSubmit={submit}>
      <label htmlFor={fieldId}>What should the report be about?</label>
      <div className="topic-row">
        <input
          id={fieldId}
          value={topic}
          onChange={(event) => setTopic(event.target.value)}
          minLength={2}
          maxLength={200}
          required
          autoComplete="off"
          enterKeyHint="go"
        />
        <button type="submit" className="primary" disabled={isActive}>
          {isActive ? 'Writing …' : 'Write the report'}
        </button>
      </div>
      <div className="chips">
        {suggestions.map((suggestion) => (
          <button
            type="button"
            className="chip"
            key={suggestion}
            aria-pressed={suggestion === topic}
            onClick={() => setTopic(suggestion)}
          >
            {suggestion}
          </button>
        ))}
        {canFail && (
          <button
            type="button"
            className="chip chip-fail"
            disabled={isActive}
            onClick={() => onStart('How plans fail')}
          >
            Make it fail
          </button>
        )}
      </div>
    </form>
  );
}
