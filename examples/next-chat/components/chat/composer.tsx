import { type FormEvent, type KeyboardEvent, type RefObject, useState } from 'react';

const maxLength = 4_000;

/** The field for the next question; while an answer is being written, the way to stop it. */
export function Composer({
  fieldRef,
  isBusy,
  isStopping,
  onSend,
  onStop,
}: {
  fieldRef: RefObject<HTMLTextAreaElement | null>;
  isBusy: boolean;
  isStopping: boolean;
  onSend: (text: string) => void;
  onStop: () => void;
}) {
  const [text, setText] = useState('');
  const trimmed = text.trim();

  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (isBusy || !trimmed) return;
    setText('');
    onSend(trimmed);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method is composing, Enter belongs to it.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };

  return (
    <form className="composer" onSubmit={submit}>
      <div className="composer-box">
        <label className="visually-hidden" htmlFor="question">
          Your message
        </label>
        <textarea
          id="question"
          ref={fieldRef}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          placeholder="Ask something …"
          rows={1}
          maxLength={maxLength}
          autoComplete="off"
          enterKeyHint="send"
        />
        {isBusy ? (
          <button
            key="stop"
            type="button"
            className="danger"
            disabled={isStopping}
            onClick={() => {
              onStop();
              fieldRef.current?.focus();
            }}
          >
            {isStopping ? 'Stopping …' : 'Stop'}
          </button>
        ) : (
          <button key="send" type="submit" className="primary" disabled={!trimmed}>
            Send
          </button>
        )}
      </div>
      <p className="composer-hint">
        <kbd>Enter</kbd> sends, <kbd>Shift</kbd> + <kbd>Enter</kbd> begins a new line.
      </p>
    </form>
  );
}
