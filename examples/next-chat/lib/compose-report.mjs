/**
 * The words of the local model: a working brief on any topic, the same one each time for the
 * same topic. `{topic}` stands for the topic; of several variants the topic picks one.
 */

/** @type {{ title: string, paragraphs: string[][] }[]} */
const sections = [
  {
    title: 'The question behind the question',
    paragraphs: [
      [
        'Most talk about *{topic}* begins one step too late, with a choice between answers. It pays to go back and ask who needs an answer, by when, and what they will do differently once they have it. A question that changes nobody’s next step is a pastime, and may be enjoyed as one.',
        'Before anything is said about *{topic}*, it helps to write down the decision that hangs on it in a single sentence. If the sentence needs the word “and”, there are two decisions, and they deserve two reports. If it names no date, the first task is to find one.',
      ],
      [
        'This brief takes the practical view. It looks for what can be known within a week, at the price of a few conversations and one honest trial, and it leaves the rest openly marked as unknown.',
        'The view taken here is the one of a person who has to act soon. Completeness is not the aim: a short list of things that are **true, relevant and checkable** is worth more than a long one that is merely impressive.',
      ],
    ],
  },
  {
    title: 'What is known',
    paragraphs: [
      [
        'Three kinds of knowledge turn up, and they should not be mixed:\n\n- **Measured.** Somebody counted, says how, and would get the same number again.\n- **Seen.** Several people who do not know each other describe the same thing.\n- **Said.** It is repeated often, and nobody can name where it began.',
        'It is worth sorting what one hears about *{topic}* into three heaps:\n\n- **Firm ground.** Results that held when somebody tried to knock them over.\n- **Soft ground.** Patterns that look right and have never been tested.\n- **Fog.** Statements so wide that no event could contradict them.',
      ],
      [
        'For *{topic}*, the first heap is smaller than one would like and steadier than one would fear. What stands in it has survived changes of fashion, and most of it can be said in plain words. The second heap is where the interesting work is waiting. The third can be left to the people who enjoy it.',
        'The surprising thing is how little of the first heap is disputed. People who argue about *{topic}* for an hour usually agree on the numbers within ten minutes; what divides them is what the numbers are for. That is good news, because purposes can be discussed.',
      ],
    ],
  },
  {
    title: 'Where opinions part',
    paragraphs: [
      [
        'Two camps can be heard. The first would rather be roughly right today than exactly right next year; it is good at starting and bad at stopping. The second wants the ground surveyed before the first stone is laid; it is seldom wrong, and seldom finished. Each is the cure for the other, in small doses.',
        'The disagreement is older than the topic. One side trusts what it has seen with its own eyes and builds upwards; the other trusts a principle and works its way down. On good days they meet in the middle. On bad days they pass each other without a word.',
      ],
      [
        '> A useful test: ask each side what it would have to see to change its mind. Whoever has an answer is worth listening to.',
        '> A useful test: ask each side to put the other’s case so well that the other would sign it. The discussion that follows is usually shorter, and better.',
      ],
    ],
  },
  {
    title: 'What it costs',
    paragraphs: [
      [
        'The price that is named first is hardly ever the price that is paid. Money is visible, and so it gets counted; attention is not, and so it gets spent. With *{topic}*, as with most things worth doing, the largest entry is the time of the few people whom everybody asks.',
        'A fair bill for *{topic}* has four lines: what it takes to begin, what it takes to keep going, what it takes to stop, and what is left undone meanwhile. The first line is in every plan. The other three are where plans fail.',
      ],
      [
        'Some of the risks can be bought off cheaply:\n\n1. Do the step that could end the whole affair **first**, while ending it is still easy.\n2. Keep a way back for as long as it costs less than a day.\n3. Tell one person outside what the plan is, and let them ask the simple questions.',
        'Three habits keep the bill small:\n\n1. Decide **in advance** what would be reason enough to stop.\n2. Prefer two small trials to one large one, even when the large one looks cheaper.\n3. Write down what was expected, before looking at what happened.',
      ],
    ],
  },
  {
    title: 'A first step',
    paragraphs: [
      [
        'The best first step is small enough to be taken this week and real enough to teach something. It has an owner, an end, and one question that it answers with yes or no. It should not need anybody’s permission, and it should leave something behind even when the answer is no.',
        'Start where a mistake is cheap. Pick the smallest piece of *{topic}* that somebody outside would notice, do it completely, and show it to a person who has no reason to be kind. What they say in the first minute is the most valuable thing in this whole report.',
      ],
      [
        'After that step, stop for an hour and compare it with what was expected. Everything that came out as planned has taught nothing yet; what came out differently is the outline of the second step.',
        'Then repeat it once, with somebody else at the wheel. What worked twice in different hands is a method; what worked once was perhaps a good day.',
      ],
    ],
  },
  {
    title: 'How to tell that it works',
    paragraphs: [
      [
        'Success has to be described before it arrives, or else whatever arrives will be called success. One number that can be read off once a week is enough, together with one sentence from a person who was there. The number says **whether**; the sentence says **why**.',
        'Choose the sign of success now, while there is nothing to defend. It should be something that a stranger could check without explanation, and that could really turn out badly. A measure that only goes up is a decoration.',
      ],
      [
        'And if it does not work, that too is a result, and it came at a known price. Write it down, with the reasons, where the next person who asks about *{topic}* will find it. They will be the first to read it, and perhaps they will be you.',
        'Finally, agree on the day when this will be looked at again. Reports on *{topic}* age like everything else; one that carries its own date of review ages in good company.',
      ],
    ],
  },
];

/**
 * The titles of the report's sections, in order.
 *
 * @param {string} topic
 * @returns {string[]}
 */
export function composeOutline(topic) {
  // Drops one of the middle sections, so that not every report has the same outline.
  const dropped = 1 + (hash(topic) % 4);
  return sections.filter((_, index) => index !== dropped).map(({ title }) => title);
}

/**
 * One section in Markdown, heading included.
 *
 * @param {string} topic
 * @param {string} title
 * @returns {string}
 */
export function composeSection(topic, title) {
  const index = Math.max(
    0,
    sections.findIndex((section) => section.title === title),
  );
  const { paragraphs } = sections[index];
  const plainTopic = plainText(topic);
  const text = paragraphs
    .map((variants, n) => variants[hash(`${topic}/${index}/${n}`) % variants.length])
    .join('\n\n')
    .replaceAll('{topic}', () => plainTopic);
  return `## ${title}\n\n${text}`;
}

/**
 * A text without the characters that Markdown would take for marks.
 *
 * @param {string} text
 * @returns {string}
 */
export function plainText(text) {
  return text.replace(/[*_`#<>[\]\\]/g, '').trim();
}

/**
 * The FNV-1a hash of a text: small, and the same on every machine.
 *
 * @param {string} text
 * @returns {number}
 */
export function hash(text) {
  let value = 0x811c9dc5;
  for (const character of text) {
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return value >>> 0;
}
