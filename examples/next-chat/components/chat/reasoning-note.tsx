import { Markdown } from '../markdown';

/** What the model thought, folded away once it has begun to answer. */
export function ReasoningNote({ text, isGrowing }: { text: string; isGrowing: boolean }) {
  if (!text) return null;
  return (
    <details className="reasoning" open={isGrowing}>
      <summary>{isGrowing ? 'Thinking' : 'Thought about it'}</summary>
      <div className="prose">
        <Markdown text={text} />
      </div>
    </details>
  );
}
