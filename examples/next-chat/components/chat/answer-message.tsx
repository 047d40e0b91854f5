import { useTaskStream } from 'ai-task-stream/react';
import type { ChatMessage } from '../../lib/chat-message';
import { ConnectionBadge } from '../connection-badge';
import { Markdown } from '../markdown';
import { AnswerFooter } from './answer-footer';
import { ReasoningNote } from './reasoning-note';
import { ReportCard } from './report-card';

/** What the assistant said, with the tools that it used. */
export function AnswerMessage({
  message,
  isWritten,
  onAgain,
}: {
  message: ChatMessage;
  /** Whether the answer is being written now. */
  isWritten: boolean;
  onAgain: (() => void) | undefined;
}) {
  const task = useTaskStream({ message });
  const { parts } = message;
  const isEmpty = !parts.some(({ type }) => /^(?:text|reasoning|tool-.*)$/.test(type));
  const lastWords = parts.findLastIndex(({ type }) => type === 'text' || type === 'reasoning');

  return (
    <article
      className="answer"
      aria-label="Assistant"
      aria-busy={isWritten}
      data-growing={isWritten}
    >
      {parts.map((part, index) => {
        const isGrowing = isWritten && index === lastWords && index >= parts.length - 2;
        switch (part.type) {
          case 'text':
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: parts never move.
              <div className="prose" key={index} data-growing={isGrowing}>
                <Markdown text={part.text} />
              </div>
            );
          case 'reasoning':
            // biome-ignore lint/suspicious/noArrayIndexKey: parts never move.
            return <ReasoningNote key={index} text={part.text} isGrowing={isGrowing} />;
          case 'tool-writeReport':
            return <ReportCard key={part.toolCallId} message={message} call={part} />;
          default:
            return null;
        }
      })}
      {isEmpty && isWritten && <p className="thinking">Thinking</p>}
      {isWritten && task.connection !== 'idle' && (
        <ConnectionBadge
          connection={task.connection}
          isStalled={task.isStalled}
          instance={undefined}
          isUnplugged={false}
        />
      )}
      {!isWritten && <AnswerFooter task={task} text={textOf(message)} onAgain={onAgain} />}
    </article>
  );
}

function textOf({ parts }: ChatMessage): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');
}
