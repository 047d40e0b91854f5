/** Lines of a diff that stand together: those that go, and those that come. */
const changePattern = /^((?:-.*\n)+)((?:\+.*\n)*)/gm;

const withoutSigns = (lines: string) => lines.replace(/^[-+]/gm, '');

/** Puts the lines of a diff that come in the place of those that go, which have to be there once. */
export function applyDiff(text: string, diff: string): string {
  return [...diff.matchAll(changePattern)].reduce((changed, [, gone = '', come = '']) => {
    const parts = `\n${changed}`.split(`\n${withoutSigns(gone)}`);
    if (parts.length !== 2) throw new Error(`These lines are not there once:\n${gone}`);
    return parts.join(`\n${withoutSigns(come)}`).slice(1);
  }, text);
}
