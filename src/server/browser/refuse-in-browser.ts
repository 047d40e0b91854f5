/** A page that bundles the server's code would run nothing of it, and show its visitors the rest. */
export function refuseInBrowser(entry: string): never {
  throw new Error(
    `ai-task-stream/${entry} runs on servers, and this is a page's code. Import the type of a task only: \`import type { report } from './report'\`.`,
  );
}
