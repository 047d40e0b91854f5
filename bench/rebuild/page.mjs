// Rebuilds an answer as a page does after a reload, and notes how long the page is blocked meanwhile.
import { Chat, useChat } from '@ai-sdk/react';
import { DefaultChatTransport } from 'ai';
import { TaskChatTransport } from 'ai-task-stream/ui';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

function Conversation({ chat }) {
  const { messages } = useChat({ chat });
  return messages.map(({ id, parts }) =>
    createElement('p', { key: id }, ...parts.map(({ text }) => text)),
  );
}

globalThis.rebuild = async ({ isTask, api }) => {
  const longTasks = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasks.push(duration);
  });
  observer.observe({ type: 'longtask' });
  const transport = isTask ? new TaskChatTransport({ api }) : new DefaultChatTransport({ api });
  const chat = new Chat({ id: 'chat', transport });
  const root = document.body.appendChild(document.createElement('main'));
  createRoot(root).render(createElement(Conversation, { chat }));
  await nextFrame();

  const startedAt = performance.now();
  await chat.resumeStream();
  await nextFrame();
  const ms = performance.now() - startedAt;
  // The browser reports long tasks some time after they have ended.
  await new Promise((resolve) => setTimeout(resolve, 200));
  observer.disconnect();
  return { ms, text: root.textContent, longTasks };
};

/** Resolves once what is rendered by now has been shown. */
function nextFrame() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
  });
}
