import {
  type FormEvent,
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useState,
} from 'react';

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
  // The field is uncontrolled, so that text which is typed before hydration stays.
  const [isEmpty, setIsEmpty] = useState(true);
  const readText = useCallback(() => {
    const text = fieldRef.current?.value.trim() ?? '';
    setIsEmpty(text === '');
    return text;
  }, [fieldRef]);

  useEffect(() => {
    readText();
  }, [readText]);

  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    const text = readText();
    if (isBusy || !text || !fieldRef.current) return;
    fieldRef.current.value = '';
    setIsEmpty(true);
    onSend(text);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes a character, Enter belongs to the input method.
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
          onInput={readText}
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
          <button key="send" type="submit" className="primary" disabled={isEmpty}>
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
