import { randomUUID } from 'node:crypto';
import type { UIMessage } from 'ai';
import { expect } from 'vitest';
import type { SendRequest } from './host-client';

const question = 'Do all hosts serve a chat at one address?';

/** A host that serves `examples/lib/chat.ts`: an answer outlives its reader, and is saved. */
export async function expectToServeAChat(send: SendRequest, path: string): Promise<void> {
  const id = randomUUID();
  const ofChat = `${path}?chatId=${id}`;
  const message = { id: randomUUID(), role: 'user', parts: [{ type: 'text', text: question }] };
  const headers = { 'content-type': 'application/json' };
  const turn = { id, taskId: randomUUID(), trigger: 'submit-message', messages: [message] };
  const started = await send({ method: 'POST', path, headers, body: JSON.stringify(turn) });
  expect(started.status).toBe(200);
  await started.until(/"text-delta"/);
  started.cut();

  const followed = await send({ method: 'GET', path: ofChat });
  // On a slow machine it may be over by now.
  expect([200, 204]).toContain(followed.status);
  await followed.rest();
  const accept = { accept: 'application/json' };
  const viewed = await send({ method: 'GET', path: ofChat, headers: accept });
  const view: { messages: UIMessage[]; activeTask: string | null } = JSON.parse(
    await viewed.rest(),
  );
  expect(view.activeTask).toBeNull();
  const texts = view.messages.map(({ parts }) =>
    parts.flatMap((part) => (part.type === 'text' ? part.text : [])).join(''),
  );
  expect(texts).toEqual([question, `You said: ${question}`]);

  const stopped = await send({ method: 'DELETE', path: ofChat });
  expect(JSON.parse(await stopped.rest())).toEqual({ cancelled: false });
}
