import { Chat, useChat } from '@ai-sdk/react';
import type { TaskUIMessage } from 'ai-task-stream';
import { useState } from 'react';
import { showChat } from './page';

// This version's `useChat` does not tell a chat of its own that a resumed stream is a replay.
await showChat(({ id, saved, transport }) => {
  const [chat] = useState(() => new Chat<TaskUIMessage>({ id, messages: saved, transport }));
  return useChat({ chat, resume: true });
});
