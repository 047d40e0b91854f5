import { ReportDesk } from '../components/report-desk';
import { isLocalModel, modelName } from '../lib/model';

// The model is chosen when the server starts, not when the page is built.
export const dynamic = 'force-dynamic';

export default function Page() {
  return (
    <>
      <header className="masthead">
        <p className="wordmark">
          <svg aria-hidden="true" viewBox="0 0 32 32" width="22" height="22">
            <rect width="32" height="32" rx="8" className="wordmark-tile" />
            <path d="M7 20h7M7 14h12M7 8h18" className="wordmark-lines" />
            <circle cx="22" cy="21" r="4" className="wordmark-dot" />
          </svg>
          ai-task-stream
        </p>
        <p className="model">
          Written by <strong>{isLocalModel() ? 'the local practice model' : modelName()}</strong>
        </p>
      </header>
      <ReportDesk canFail={isLocalModel()} />
    </>
  );
}
