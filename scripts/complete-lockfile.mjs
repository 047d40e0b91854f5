// Adds to package-lock.json the packages for other platforms, which npm leaves out of it when the
// registry in use does not serve them. Without them `npm ci` of a fresh clone ends on every platform
// with such as `Missing: @biomejs/cli-darwin-arm64@2.6.8 from lock file`; npm keeps those that are
// there. So run this after each change of dependencies; it changes nothing in a complete lock file.
import { readFile, writeFile } from 'node:fs/promises';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(await readFile(file, 'utf8'));

const systems =
  /(?:^|[-/])(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32|windows)-/;
const processors = /-(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64|64)(?:-|$)/;

const added = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue;
    // Some packages are named with `windows` and `64` where Node says `win32` and `x64`.
    const system = systems.exec(name)?.[1].replace('windows', 'win32');
    const processor = processors.exec(name)?.[1].replace(/^64$/, 'x64');
    if (!system || !processor || !/^\d/.test(version)) {
      throw new Error(
        `${name}@${version}, wanted by ${path}: cannot tell what platform it is for.`,
      );
    }
    const libc = /-musl/.test(name)
      ? ['musl']
      : /-gnu/.test(name) && system === 'linux'
        ? ['glibc']
        : undefined;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [processor],
      ...(entry.dev && { dev: true }),
      ...(libc && { libc }),
      optional: true,
      os: [system],
    };
    added.push(`${name}@${version}`);
  }
}

const [[rootPath, root], ...others] = Object.entries(lock.packages);
const sorted = others.sort(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = Object.fromEntries([[rootPath, root], ...sorted]);
if (added.length > 0) await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added.length} added to package-lock.json.`);

/** Whether npm would find the package from the folder `from`, walking up as Node does. */
function isLocked(from, name) {
  for (
    let folder = from;
    ;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  ) {
    if (lock.packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]) return true;
    if (!folder) return false;
  }
}
