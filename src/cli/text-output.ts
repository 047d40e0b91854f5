import { isAnotherLog } from '../protocol/another-log';
import { isTaskPart } from '../protocol/task-parts';
import { createAnswerText } from './answer-text';
import { cleanJson, cleanLine, cleanText } from './clean-text';
import { describeEnd } from './describe-end';
import type { FollowOutput } from './follow-output';
import type { Screen } from './screen';

/** The output for people: progress and log, the text as it comes, and the result. */
export function createTextOutput({
  screen,
  isTerminal,
  isQuiet,
  showsPartials,
}: {
  screen: Screen;
  /** Whether standard output is a terminal, for which text has to be made harmless. */
  isTerminal: boolean;
  /** Print no log, and nothing about a task that completed. */
  isQuiet: boolean;
  /** Print partial results instead of counting them. */
  showsPartials: boolean;
}): FollowOutput {
  let partialCount = 0;
  const writeText = (text: string) => screen.write(isTerminal ? cleanText(text) : text);
  const answer = createAnswerText({ write: writeText });
  return {
    onChunk(chunk) {
      answer.take(chunk);
      if (isAnotherLog(chunk)) {
        answer.end();
        screen.note('The task was begun anew; all of it follows.');
      }
      if (isTaskPart(chunk) && chunk.type === 'data-task-rewind') {
        answer.end();
        const { attempt, checkpoint } = chunk.data;
        // The first attempt of a task that had to wait replaces nothing.
        if (attempt < 2) return;
        const from = checkpoint < 0 ? 'the beginning' : 'the last checkpoint';
        screen.note(
          `Attempt ${attempt} goes on from ${from}; what follows replaces what came since.`,
        );
      }
    },
    onState(state, count) {
      partialCount = count;
      screen.show(state, count);
    },
    onLog({ level, message }) {
      if (isQuiet) return;
      screen.note(level === 'info' ? cleanLine(message) : `${level}: ${cleanLine(message)}`);
    },
    onPartial(value) {
      if (!showsPartials) return;
      answer.end();
      screen.write(`${cleanJson(value)}\n`);
    },
    onEnd(end) {
      answer.end();
      if (end.status === 'completed') {
        const { result } = end;
        if (typeof result === 'string') writeText(`${result}\n`);
        else if (result !== undefined) screen.write(`${cleanJson(result, 2)}\n`);
      }
      screen.close();
      if (isQuiet && end.status === 'completed') return;
      for (const line of describeEnd(end, partialCount)) screen.note(line);
    },
  };
}
