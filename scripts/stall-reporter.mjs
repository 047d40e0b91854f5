// A reporter of Vitest. No timeout of a test fires in a process whose event loop stands still, and
// Vitest waits for such a process for ever: this ends the run, and tells where each process stood.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { run } from './run-step.mjs';

const minute = 60_000;

/** Longer than any timeout that a test or a hook sets for itself. */
const longestSilence = Number(process.env.TEST_STALL_MS ?? 16 * minute);

export default class StallReporter {
  /** The files that run: what they were last heard to do, and when. */
  #files = new Map();

  onInit() {
    const timer = setInterval(() => {
      if (this.#stalled().length === 0) return;
      clearInterval(timer);
      void this.#end();
    }, longestSilence / 16);
    timer.unref();
  }

  onTestModuleQueued(file) {
    this.#note(file, 'being loaded');
  }

  onTestModuleEnd(file) {
    this.#files.delete(nameOf(file));
  }

  onTestCaseReady(test) {
    this.#note(test.module, `in "${test.fullName}"`);
  }

  onTestCaseResult(test) {
    this.#note(test.module, `after "${test.fullName}"`);
  }

  onHookStart({ name, entity }) {
    this.#note(entity.module ?? entity, `in ${name}`);
  }

  onHookEnd({ name, entity }) {
    this.#note(entity.module ?? entity, `after ${name}`);
  }

  #note(file, what) {
    this.#files.set(nameOf(file), { what, at: performance.now() });
  }

  #stalled() {
    return [...this.#files].filter(([, { at }]) => performance.now() - at > longestSilence);
  }

  async #end() {
    const seconds = Math.round(longestSilence / 1_000);
    console.log(`\nNot heard of for ${seconds} s, so the run ends:`);
    for (const [name, { what }] of this.#stalled()) console.log(`- ${name}, ${what}`);
    for (const pid of await childrenOf(process.pid)) {
      const script = fileURLToPath(new URL('stack-of.mjs', import.meta.url));
      await run(process.execPath, ['--experimental-websocket', script, pid]);
      // One after the other, since all are asked at the same port.
      process.kill(Number(pid), 'SIGKILL');
    }
    process.exit(1);
  }
}

function nameOf(file) {
  return `${file.project.name} ${file.relativeModuleId ?? file.moduleId}`;
}

/** The processes that a process has started. Only where there is /proc. */
async function childrenOf(pid) {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return children.split(' ').filter(Boolean);
}
