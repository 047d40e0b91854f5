import { openai } from '@ai-sdk/openai';
import { streamText, type TextStreamPart, type ToolSet } from 'ai';
import { TaskError } from 'ai-task-stream';
import type { TaskReporter } from 'ai-task-stream/server';
import { countHeadings, countWords, tableOfContents } from './measure-report';
import { modelName } from './model';

/** The steps of a report, with their shares of the overall progress. */
export const reportSteps = { outline: 15, write: 75, polish: 10 };

/** A section that the report will have. */
export interface PlannedSection {
  title: string;
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

/** Plans and writes a report, and tells `task` how far it is. */
export async function generateReport({
  topic,
  task,
  signal,
  onPlanned,
  onStream,
  onText,
}: {
  topic: string;
  task: Pick<TaskReporter<keyof typeof reportSteps>, 'step' | 'log'>;
  signal: AbortSignal;
  /** Called when a section was added to the plan. */
  onPlanned?: (section: PlannedSection) => void;
  /** Gets the stream of the text's generation before the text is read. */
  onStream?: (stream: ReadableStream<TextStreamPart<ToolSet>>) => void;
  /** Gets the whole text so far, each time that the text has grown. */
  onText?: (text: string) => void;
}): Promise<ReportFacts> {
  const instance = process.env.DEMO_INSTANCE;
  if (instance) task.log(`This runs on instance ${instance}.`);

  const planned = await task.step('outline', async (step) => {
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
    const plan = (line: string) => {
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
      lines.forEach(plan);
    }
    signal.throwIfAborted();
    plan(rest);
    if (sections.length === 0) {
      throw new TaskError({
        code: 'no-outline',
        message: 'The model found nothing to say about this topic. Try other words.',
        retryable: true,
      });
    }
    task.log(`The outline has ${sections.length} sections.`);
    return sections;
  });

  const text = await task.step('write', async (step) => {
    let written = '';
    let headings = 0;
    step.progress({ value: 0, total: planned.length, message: 'Waiting for the first word' });
    const report = streamText({
      model: openai.chat(modelName()),
      instructions:
        'You write short, clear reports in Markdown. Use the given sections in their order, each under a "## " heading with its title. About 100 words per section. No title above the first section.',
      prompt: `Topic: ${topic}\n\nSections:\n${planned.map(({ title }) => `- ${title}`).join('\n')}`,
      abortSignal: signal,
      onError: leaveToReader,
    });
    onStream?.(report.stream);
    for await (const delta of readText(report.stream, { activity: 'writing', task })) {
      written += delta;
      onText?.(written);
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
        retryable: true,
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
