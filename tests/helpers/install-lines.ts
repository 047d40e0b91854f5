const shellPattern = /^```sh\n([\s\S]*?)^```$/gm;
const installPattern = /^npm install ([^#\n]+)/gm;

/** What the `npm install` lines of a page install, such as `ai@7`: one list for each line. */
export function readInstallLines(content: string): string[][] {
  return [...content.matchAll(shellPattern)]
    .flatMap(([, script = '']) => [...script.matchAll(installPattern)])
    .map(([, names = '']) => names.split(' ').filter((name) => name && !name.startsWith('-')));
}
