import { Chat } from '@ai-sdk/react';
import { DefaultChatTransport } from 'ai';

/** Rebuilds answers in this process, without rendering them. */
export function openNodeClient() {
  return {
    async rebuild({ body }) {
      const fetch = async () =>
        new Response(body, { headers: { 'content-type': 'text/event-stream' } });
      const chat = new Chat({ id: 'chat', transport: new DefaultChatTransport({ fetch }) });
      const startedAt = performance.now();
      await chat.resumeStream();
      const ms = performance.now() - startedAt;
      return { ms, text: chat.lastMessage?.parts.find(({ type }) => type === 'text')?.text };
    },
    async close() {},
  };
}
