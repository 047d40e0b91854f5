import { startLocalOpenAI } from '../local-openai.mjs';
import { DemoError } from './demo-error.mjs';

/** The model that writes: OpenAI's, or without a key the local endpoint that stands in for it. */
export async function findModel(parts) {
  if (process.env.OPENAI_API_KEY) {
    return { env: {}, description: `OpenAI, ${process.env.OPENAI_MODEL || 'the default model'}` };
  }
  const { baseURL, close } = await startLocalOpenAI({ wordsPerSecond: readWordsPerSecond() });
  parts.add(close);
  return {
    env: { OPENAI_API_KEY: 'local', OPENAI_BASE_URL: baseURL, OPENAI_MODEL: 'local-writer' },
    description: `local stand-in at ${baseURL} (set OPENAI_API_KEY to use OpenAI)`,
  };
}

function readWordsPerSecond() {
  const text = process.env.DEMO_WORDS_PER_SECOND;
  if (!text) return undefined;
  const wordsPerSecond = Number(text);
  if (wordsPerSecond > 0) return wordsPerSecond;
  throw new DemoError(`DEMO_WORDS_PER_SECOND is "${text}", but has to be a number above 0.`);
}
