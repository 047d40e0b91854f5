// A reporter of Vitest. No timeout of a test fires in a process whose event loop stands still, and
// Vitest waits for such a process for ever: this ends the run, and tells where each process stood.
import { fileURLToPath } from 'node:url';
import { childrenOf } from './child-processes.mjs';
import { run } from './run-step.mjs';

const minute = 60_000;

/** How long a file may be silent at least. No hook that sets a time limit for itself takes longer. */
const leastPatience = 5 * minute;

const { TEST_STALL_MS } = process.env;

export default class StallReporter {
  /** The files that run: what they were last heard to do, and until when they have to be heard again. */
  #files = new Map();
  /** The files that are done. The end of a file's last hook may be told after the end of the file. */
  #done = new Set();
  /** When anything was heard last. */
  #heardAt = performance.now();

  onInit() {
    const timer = setInterval(() => {
      if (this.#stalled().length === 0) return;
      clearInterval(timer);
      void this.#end();
    }, 1_000);
    timer.unref();
  }

  onTestModuleQueued(file) {
    this.#note(file, 'being loaded');
  }

  onTestModuleEnd(file) {
    this.#files.delete(nameOf(file));
    this.#done.add(nameOf(file));
    this.#heardAt = performance.now();
  }

  onTestCaseReady(test) {
    this.#note(test.module, `in "${test.fullName}"`, test.options.timeout);
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

  #note(file, what, limit = 0) {
    const { testTimeout, hookTimeout } = file.project.config;
    const patience = patienceFor(testTimeout, hookTimeout, limit);
    this.#heardAt = performance.now();
    if (this.#done.has(nameOf(file))) return;
    this.#files.set(nameOf(file), { what, patience, until: this.#heardAt + patience });
  }

  #stalled() {
    const now = performance.now();
    const patience = patienceFor();
    if (this.#files.size === 0 && now - this.#heardAt > patience) {
      return [['Vitest', { what: 'between two files', patience }]];
    }
    return [...this.#files].filter(([, { until }]) => now > until);
  }

  async #end() {
    console.log('\nNot heard of any more, so the run ends:');
    for (const [name, { what, patience }] of this.#stalled()) {
      console.log(`- ${name}, ${what}, for ${Math.round(patience / 1_000)} s`);
    }
    const children = await childrenOf(process.pid);
    // One after the other, since all are asked at the same port.
    for (const pid of children) {
      const script = fileURLToPath(new URL('stack-of.mjs', import.meta.url));
      await run(process.execPath, ['--experimental-websocket', script, pid]);
      kill(pid);
    }
    process.exit(1);
  }
}

/** Ends a process, unless it has ended by itself, as those do that wait for another one. */
function kill(pid) {
  try {
    process.kill(Number(pid), 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** A time limit that fires is heard of within a minute, even where the machine is busy. */
function patienceFor(...limits) {
  return TEST_STALL_MS ? Number(TEST_STALL_MS) : Math.max(leastPatience, ...limits) + minute;
}

function nameOf(file) {
  return `${file.project.name} ${file.relativeModuleId ?? file.moduleId}`;
}
