import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/**
 * Does what `npm install` does, from what this repository has installed: puts the packages, and all
 * that they need, into a project, and what our own package needs. Both majors of the AI SDK are
 * here, one of them by other names.
 */
export function installFromHere(packages: readonly string[], project: string): void {
  const target = join(project, 'node_modules');
  const sources = packages.map(findInstalled);
  // First what was asked for: its versions are the ones that lie on top.
  for (const source of sources) place(source, target);
  for (const source of [...sources, root]) {
    placeDependencies(source, join(target, readManifest(source).name), target);
  }
}

/** Where this repository has a package, such as `ai@6`; without a version the one of that name. */
function findInstalled(specifier: string): string {
  const [, name = '', major] = /^(@?[^@]+)(?:@(\d+))?$/.exec(specifier) ?? [];
  const aliases = Object.entries(packageJson.devDependencies)
    .filter(([, range]) => range.startsWith(`npm:${name}@^`))
    .map(([alias]) => alias);
  const found = [name, ...aliases]
    .map((alias) => join(root, 'node_modules', alias))
    .filter(existsSync)
    .find((folder) => !major || readManifest(folder).version.startsWith(`${major}.`));
  if (!found) throw new Error(`This repository has no ${specifier} to install.`);
  return found;
}

/** Puts a package into a `node_modules`, without what it needs. */
function place(source: string, target: string): string {
  const folder = join(target, readManifest(source).name);
  linkFiles(source, folder);
  return folder;
}

/** Puts what a package needs on top, or beneath it where another version lies there. */
function placeDependencies(source: string, folder: string, target: string): void {
  const manifest = readManifest(source);
  const { dependencies, optionalDependencies } = manifest;
  const own = new Set(Object.keys({ ...dependencies, ...optionalDependencies }));
  for (const name of [...own, ...peersOf(manifest)]) {
    const dependency = resolvePackage(name, source);
    // What is for other systems.
    if (!dependency) continue;
    const onTop = join(target, name);
    if (!existsSync(onTop)) placeDependencies(dependency, place(dependency, target), target);
    else if (own.has(name) && readManifest(onTop).version !== readManifest(dependency).version) {
      const beneath = place(dependency, join(folder, 'node_modules'));
      placeDependencies(dependency, beneath, target);
    }
  }
}

function peersOf({ peerDependencies, peerDependenciesMeta }: Manifest): string[] {
  return Object.keys(peerDependencies ?? {}).filter(
    (name) => !peerDependenciesMeta?.[name]?.optional,
  );
}

/** As Node looks for it: in the `node_modules` of the folder, and of those around it. */
function resolvePackage(name: string, from: string): string | undefined {
  const found = join(from, 'node_modules', name);
  if (existsSync(found)) return found;
  return from === dirname(from) ? undefined : resolvePackage(name, dirname(from));
}

/** Hard links, so that 300 MB take no time; copies, where the folder is on another disk. */
function linkFiles(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) linkFiles(from, to);
    else {
      try {
        linkSync(from, to);
      } catch {
        copyFileSync(from, to);
      }
    }
  }
}
