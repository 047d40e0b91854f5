/** What `--help` prints. */
export const usage = `Usage: ai-task-stream follow URL [options]

Follows a task in the terminal: progress and log on standard error, text and result on standard
output. URL is the address of the task's route, such as http://localhost:3000/api/report?taskId=…

  --task-id ID             the task, unless the URL has ?taskId=
  --input JSON             start a task with this input, and follow it; - reads standard input
  --cancel                 ask the task to stop, and wait for its outcome
  --reason TEXT            why, with --cancel
  -H, --header 'name: value'   send this header; may be repeated
  --partials               print partial results, one JSON line each
  --json                   print every chunk as one JSON line, then the outcome; nothing else
  -q, --quiet              no progress, no log
  --max-attempts N         attempts without progress before giving up (no limit)
  --max-elapsed SECONDS    time without progress before giving up (300)
  -h, --help               print this
  -v, --version            print the version

Ctrl+C leaves the task, which goes on.

Exit codes: 0 completed, 1 failed, 2 cancelled, 3 no outcome seen, 64 wrong usage, 130 left.
`;
