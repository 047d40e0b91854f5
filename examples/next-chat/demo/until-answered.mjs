import { host } from './places.mjs';

/** Resolves when the port answers with a page, or when the demo ends. */
export async function untilAnswered(parts, port) {
  while (!parts.isStopping) {
    const response = await fetch(`http://${host}:${port}/`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
