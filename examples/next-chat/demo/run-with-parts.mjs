import { DemoError } from './demo-error.mjs';
import { createParts } from './parts.mjs';

/** Runs a demo until it fails or is told to stop, and ends all of its parts then, and this process. */
export async function runWithParts(main) {
  const parts = createParts();
  const stop = async (code) => {
    if (await parts.stop()) process.exit(code);
  };

  process.once('SIGINT', () => stop(0));
  process.once('SIGTERM', () => stop(0));
  if (process.env.npm_lifecycle_event) {
    // npm passes SIGTERM on to its shell, and some shells end without passing it on to this process.
    const { ppid } = process;
    setInterval(() => process.ppid === ppid || stop(0), 500).unref();
  }

  try {
    await main(parts);
  } catch (error) {
    if (!parts.isStopping) {
      console.error(error instanceof DemoError ? error.message : error);
      await stop(1);
    }
  }
}

/** Says that a demo is ready, and what there is to know of it, as pairs of a label and a text. */
export function printFacts(facts) {
  const lines = facts.map(([label, text]) => `  ${label.padEnd(7)}  ${text}`);
  console.log(`\n  The demo is ready.\n\n${lines.join('\n')}\n`);
}
