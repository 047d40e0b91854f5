import { openai } from '@ai-sdk/openai';
import { streamText, type TextStreamPart, type ToolSet } from 'ai';
import { TaskError } from 'ai-task-stream';
import type { TaskReporter } from 'ai-task-stream/server';
import { countHeadings, countWords, piecesOf, tableOfContents } from './measure-report';
import { modelName } from './model';

/** The steps of a report, with their shares of the overall progress. */
export const reportSteps = { outline: 15, write: 75, polish: 10 };

/** A section that the report will have. */
export interface PlannedSection {
  title: string;
}

/** How far a report has come: all that is needed to go on with it. */
export interface ReportSoFar {
  sections: PlannedSection[];
  /** The sections that are written to their ends, in Markdown. */
  written: string;
}

/** What is known of a report once it is written. */
export interface ReportFacts {
  title: string;
  words: number;
  readingMinutes: number;
  sections: { title: string; words: number }[];
}

const wordsPerMinute = 200;
/** For the progress within a section only: a section may well have more words. */
const expectedWordsPerSection = 95;

/** Plans and writes a report, or goes on with one, and tells `task` how far it is. */
export async function generateReport({
  topic,
  soFar,
  task,
  signal,
  onPlanned,
  onText,
  onPause,
}: {
  topic: string;
  /** What was there before. Default: nothing. */
  soFar?: ReportSoFar | undefined;
  task: Pick<TaskReporter<keyof typeof reportSteps>, 'step' | 'log'>;
  signal: AbortSignal;
  /** Called when a section was added to the plan. */
  onPlanned?: (section: PlannedSection) => void;
  /** Gets each piece of the text, and the whole text so far. */
  onText?: (piece: string, text: string) => void;
  /** Called where the report may be left, and gone on with later: after the plan and each section. */
  onPause?: (soFar: ReportSoFar) => Promise<void>;
}): Promise<ReportFacts> {
  const instance = process.env.DEMO_INSTANCE;
  if (instance) task.log(`This runs on instance ${instance}.`);

  const plan = () =>
    task.step('outline', async (step) => {
      task.log(`Asked ${modelName()} for an outline.`);
      step.progress({ value: 0, total: 5, message: 'Waiting for the first heading' });
      const outline = streamText({
        model: openai.chat(modelName()),
        instructions:
          'You plan reports. Answer with the titles of exactly five sections, one per line, without numbers or bullets.',
        prompt: `Topic: ${topic}`,
        abortSignal: signal,
        onError: leaveToReader,
      });
      const sections: PlannedSection[] = [];
      const add = (line: string) => {
        const title = line.replace(/^\s*(?:[-*•#]+|\d+[.)])\s+/, '').trim();
        if (!title || sections.some((section) => section.title === title)) return;
        sections.push({ title });
        onPlanned?.({ title });
        step.progress({
          value: sections.length,
          total: Math.max(5, sections.length),
          message: title,
        });
      };
      let rest = '';
      for await (const delta of readText(outline.stream, { activity: 'planning', task })) {
        const lines = (rest + delta).split('\n');
        rest = lines.pop() ?? '';
        lines.forEach(add);
      }
      signal.throwIfAborted();
      add(rest);
      if (sections.length === 0) {
        throw new TaskError({
          code: 'no-outline',
          message: 'The model found nothing to say about this topic. Try other words.',
        });
      }
      task.log(`The outline has ${sections.length} sections.`);
      return sections;
    });
  const planned = soFar?.sections ?? (await plan());
  if (!soFar) await onPause?.({ sections: planned, written: '' });

  const text = await task.step('write', async (step) => {
    let written = soFar?.written ?? '';
    let headings = countHeadings(written);
    const missing = planned.slice(headings);
    if (missing.length === 0) return written;
    step.progress({
      value: headings,
      total: planned.length,
      message: headings === 0 ? 'Waiting for the first word' : 'Waiting for the next word',
    });
    const report = streamText({
      model: openai.chat(modelName()),
      instructions:
        'You write short, clear reports in Markdown. Use the given sections in their order, each under a "## " heading with its title. About 100 words per section. No title above the first section.',
      prompt: `Topic: ${topic}\n\nSections:\n${missing.map(({ title }) => `- ${title}`).join('\n')}`,
      abortSignal: signal,
      onError: leaveToReader,
    });
    const pieces = piecesOf(readText(report.stream, { activity: 'writing', task }));
    for await (const { piece, isSectionStart } of pieces) {
      if (isSectionStart && headings > 0) await onPause?.({ sections: planned, written });
      written += piece;
      onText?.(piece, written);
      const number = Math.min(countHeadings(written), planned.length);
      if (number === 0) continue;
      const message = `Section ${number} of ${planned.length}`;
      if (number > headings) task.log(`${message}: ${planned[number - 1]?.title}.`);
      headings = number;
      const words = countWords(written.slice(written.lastIndexOf('\n## ') + 1));
      const fraction = Math.min(0.95, words / expectedWordsPerSection);
      step.progress({ value: number - 1 + fraction, total: planned.length, message });
    }
    signal.throwIfAborted();
    await onPause?.({ sections: planned, written });
    return written;
  });

  return task.step('polish', (step) => {
    const contents = tableOfContents(text);
    step.progress({ value: 1, total: 2, message: 'Counted the words' });
    const words = countWords(text);
    const readingMinutes = Math.max(1, Math.round(words / wordsPerMinute));
    task.log(`Done: ${words} words in ${contents.length} sections.`);
    return { title: topic, words, readingMinutes, sections: contents };
  });
}

/** The text of a generation as it grows. Throws what the page should know of an error. */
async function* readText(
  stream: AsyncIterable<TextStreamPart<ToolSet>>,
  { activity, task }: { activity: string; task: Pick<TaskReporter, 'log'> },
): AsyncGenerator<string> {
  for await (const part of stream) {
    if (part.type === 'text-delta') yield part.text;
    if (part.type === 'error') {
      throw new TaskError({
        code: 'model-failed',
        message: `The model broke off while ${activity}. What it wrote until then stays below.`,
        cause: part.error,
      });
    }
    if (part.type === 'finish' && part.finishReason !== 'stop') {
      const message = `The model stopped early while ${activity} (${part.finishReason}).`;
      task.log({ level: 'warning', message });
    }
  }
}

/** Keeps `streamText` from printing an error that `readText` throws and the task reports. */
function leaveToReader(): void {}
