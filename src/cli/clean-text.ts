/** Controls, and marks that break or reorder lines: either could forge what a terminal shows. */
const unsafe = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Makes text of a server harmless to a terminal: controls show as `\x1b`. Line breaks stay. */
export function cleanText(text: string): string {
  return text.replace(unsafe, (character) =>
    character === '\n' || character === '\t' ? character : toVisible(character),
  );
}

/** Like `cleanText`, for text that must fit into one line: line breaks and tabs become spaces. */
export function cleanLine(text: string): string {
  return cleanText(text.replace(/[\n\r\t]+/g, ' '));
}

/** JSON that is harmless to a terminal, and means the same. */
export function cleanJson(value: unknown, indent = 0): string {
  // `stringify` returns `undefined` for what JSON has no value for.
  const text = JSON.stringify(value, undefined, indent) ?? 'null';
  return text.replace(unsafe, (character) =>
    // A line break here is one of the indentation: those within strings are escaped already.
    character === '\n' ? character : `\\u${hexOf(character).padStart(4, '0')}`,
  );
}

function toVisible(character: string): string {
  const hex = hexOf(character);
  return hex.length > 2 ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16);
}
