// `npm run system-packages`: installs what the tests need beside the packages of npm, where it is
// missing: Chromium with its libraries, Redis and curl, from Debian's packages, which takes root.
// With `--if-allowed` it does nothing for users that are not root, or on other systems.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram, requireProgram, systemPrograms } from './find-program.mjs';

const names = Object.keys(systemPrograms);
const missing = names.filter((name) => !findProgram(name));
const isAllowed = existsSync('/etc/debian_version') && process.getuid?.() === 0;

if (missing.length > 0 && isAllowed) {
  const packages = missing.map((name) => systemPrograms[name].debianPackage);
  console.log(`Installing ${packages.join(', ')} …`);
  withoutServices(() => {
    apt('update');
    apt('install', '-y', ...packages);
  });
}
if (isAllowed || !process.argv.includes('--if-allowed')) {
  try {
    for (const name of names) requireProgram(name);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

function apt(...args) {
  const { status, stdout, stderr } = spawnSync('apt-get', ['-qq', ...args], {
    encoding: 'utf8',
    timeout: 600_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0) console.error(`apt-get ${args.join(' ')} failed:\n${stdout}${stderr}`);
}

/** Installs without starting services: Debian asks the script policy-rc.d whether it may. */
function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    if (isOurs) rmSync(policy);
  }
}
