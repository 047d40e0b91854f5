/** The name of the thing. */
export function Wordmark() {
  return (
    <p className="wordmark">
      <svg aria-hidden="true" viewBox="0 0 32 32" width="22" height="22">
        <rect width="32" height="32" rx="8" className="wordmark-tile" />
        <path d="M7 20h7M7 14h12M7 8h18" className="wordmark-lines" />
        <circle cx="22" cy="21" r="4" className="wordmark-dot" />
      </svg>
      <span>ai-task-stream</span>
    </p>
  );
}
