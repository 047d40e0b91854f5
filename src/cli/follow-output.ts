import type { TaskEnd } from '../ui';
import { cleanJson } from './clean-text';
import type { FollowListener } from './follow-command';
import type { Screen } from './screen';

/** Prints what comes of a task while it is followed, and how following ended. */
export interface FollowOutput extends FollowListener {
  onEnd: (end: TaskEnd) => void;
}

/** State, logs and partial results are not printed, because the chunks hold them all. */
function ignore(): void {}

/** One JSON object per line: every chunk, and then the end, which alone has no `type`. */
export function createJsonOutput({ screen }: { screen: Screen }): FollowOutput {
  const write = (value: unknown) => screen.write(`${cleanJson(value)}\n`);
  return {
    onChunk: write,
    onState: ignore,
    onLog: ignore,
    onPartial: ignore,
    onEnd: write,
  };
}
