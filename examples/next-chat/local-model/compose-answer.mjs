import { hash, plainText } from '../lib/compose-report.mjs';

/**
 * What the local model says in a chat: the same each time for the same words. `{subject}` stands for
 * what was asked about; of several variants the words of the question pick one.
 *
 * @typedef {{
 *   reasoning: string | undefined,
 *   text: string,
 *   reportTopic: string | undefined,
 *   mail?: { to: string, text: string },
 * }} Answer
 */

const greeting =
  'Hello! I am the practice model of this demo: a small program that stands in for a real model, so that nothing here needs an API key. Ask me anything, or ask me to **write a report about** a topic of your choice.';

const thanks =
  'You are welcome. If you have a minute left, reload this page while I am writing something long: it is what I am here for.';

const help = `Here is what is worth trying:

1. **Reload this page while I write.** The words are back at once, and go on where they were.
2. **Ask for a report**, such as “Write a report about small harbours”. That is slow work: it shows its steps, its progress and its log, and goes on when you leave.
3. **Press Stop.** The model stops on the server, not just here, and what was written stays.
4. **Open this chat in a second tab.** Both follow the same answer, and either can stop it.

Switch your network off for a while, if you like. Nothing gets lost, and nothing comes twice.`;

const stories = [
  [
    'There was once a town that kept one lamp burning for {subject}. Nobody remembered who had lit it. The oil was paid for by a line in the budget that every new clerk tried to strike out, and that every old clerk put back without a word.',
    'One winter a young engineer was sent to find out what the lamp was good for. She sat beside it for eleven nights and wrote down everything that happened. On most nights nothing did. On the fourth night a boat turned, far out, and took the longer way round the sandbank.',
    'She went to see the skipper. He had never heard of {subject}, and had not thought about the lamp since he was a boy. “But I would have noticed,” he said, “if it had not been there.”',
    'Her report had one page. It said that the lamp did its work **by being there**, that this could not be measured from the shore, and that it cost less than the chairs in the council chamber. The line stayed in the budget, and the next clerk did not ask.',
  ],
  [
    'The old woman at the ferry had a notebook about {subject}. On each left page stood what people had told her; on each right page, what she had seen with her own eyes. The right pages were mostly empty, and she was proud of them.',
    'A traveller offered to buy it. He leafed through it at the landing, and the further he came, the slower he turned the leaves. “There is almost nothing on the right,” he said at last.',
    '“That is the valuable part,” said the old woman. “Anybody can sell you the left.”',
    'He thought about it until the ferry came, and then he bought a notebook of his own, an empty one. It is said that he filled the first right page nineteen years later, that it had to do with {subject}, and that it was *four words long*.',
  ],
];

const thoughts = [
  [
    'About {subject}, the short answer is that it depends on less than one would think. Most of what is said can be left aside until one thing is settled, namely what you would do differently if you knew.',
    'Three questions get you there:\n\n- **Who needs it?** If that is only you, a guess may be good enough.\n- **By when?** An answer that comes too late is an anecdote.\n- **What would change your mind?** If nothing would, you have your answer already.',
    'Start with the last one, because it is the cheapest. Write it down before you look anything up, and keep the note. It is surprising how often the note turns out to be the result.',
  ],
  [
    'When it comes to {subject}, I would begin with what you have seen yourself. It is not much, but it has one great advantage: you know exactly how you came by it.',
    'From there it is a matter of two columns:\n\n1. What **must** be true for it to work at all.\n2. What would merely be **nice**.\n\nMost of the disagreement lives in the second column, and most of the risk in the first.',
    'Test the shortest line of the first column this week, in the smallest way that could fail. If it holds, test the next. After three of them you will know more than any answer of mine could tell you.',
  ],
];

/**
 * What the local model answers to the newest message.
 *
 * @param {string} question
 * @param {{ canWriteReports: boolean, canSendMail?: boolean }} options
 * @returns {Answer}
 */
export function composeAnswer(question, { canWriteReports, canSendMail = false }) {
  const said = question.trim();
  const reportTopic =
    /\b(?:write|draft|prepare|make|create)\b.*?\breport\b\s+(?:about|on)\s+(.+?)[\s.!?]*$/is.exec(
      said,
    )?.[1];
  if (canWriteReports && reportTopic) {
    const subject = plainText(reportTopic);
    return {
      reasoning: `**Planning a report**\n\nThis asks for a report about ${subject}. It is slow work, so it runs as a task of its own, with its progress in sight. Once it is done, one sentence about it will do.`,
      text: `I will write a report about *${subject}*. You can leave meanwhile.`,
      reportTopic,
    };
  }
  const plain = { reasoning: undefined, reportTopic: undefined };
  const recipient = /\bmail to (\S+@\S+\w)/i.exec(said)?.[1];
  if (canSendMail && recipient) {
    const mail = { to: recipient, text: 'It is done.' };
    return { ...plain, text: `A mail to ${recipient}, if I may.`, mail };
  }
  if (/^(?:hi|hello|hey|good (?:morning|evening|day))\b/i.test(said)) {
    return { ...plain, text: greeting };
  }
  if (/^(?:thanks|thank you|cheers)\b/i.test(said)) return { ...plain, text: thanks };
  if (
    /\bhelp\b|\bwhat (?:can|should|could) (?:i|you)\b|\bhow does (?:this|it) work\b/i.test(said)
  ) {
    return { ...plain, text: help };
  }
  const wantsStory = /\bstory\b/i.test(said);
  const subject = subjectOf(said) ?? (wantsStory ? 'nothing in particular' : quoted(said));
  const variants = wantsStory ? stories : thoughts;
  const text = (variants[hash(said) % variants.length] ?? [])
    .join('\n\n')
    .replaceAll('{subject}', () => subject);
  const reasoning = wantsStory
    ? `**Looking for a story**\n\nA story about ${subject} is wanted. It should be short, have one person who does something, and end on something that can be told again.`
    : `**Weighing the question**\n\nThis is about ${subject}. I know nothing special about it, so the honest thing is to help with thinking rather than to make up facts. Three short paragraphs are enough.`;
  return { ...plain, reasoning, text };
}

/**
 * What the local model says once its report is written, or has failed.
 *
 * @param {string} output What the tool returned, as JSON, or an error as text.
 * @returns {string}
 */
export function composeClosing(output) {
  const report = parse(output);
  if (typeof report?.words !== 'number') {
    return 'The report could not be finished, I am sorry to say. What was written until then is above; ask me again, and I will try once more.';
  }
  return `Your report on *${plainText(String(report.topic))}* is ready: ${report.words} words in ${report.sections} sections, about ${report.readingMinutes} min to read. Shall I write another one, from a different angle?`;
}

/**
 * What the local model says once its mail is sent, or was not to be sent.
 *
 * @param {string} output What the tool returned, or why it was not called.
 * @returns {string}
 */
export function composeMailClosing(output) {
  return /\bsent to\b/i.test(output) ? 'The mail is on its way.' : 'Then I send nothing.';
}

/** What a question names as its subject: what follows “about” or “on”. */
function subjectOf(text) {
  const subject = /\b(?:about|on)\s+(.+)$/is.exec(text)?.[1];
  return subject && short(subject).replace(/[\s.!?]+$/, '');
}

function quoted(text) {
  return `“${short(text)}”`;
}

function short(text) {
  const line = plainText(text).replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 80).trimEnd()}…` : line;
}

function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    // The output is an error as text.
    return undefined;
  }
}
