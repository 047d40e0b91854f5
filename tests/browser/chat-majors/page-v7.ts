import { useChat } from '@ai-sdk/react';
import { showChat } from './page';

await showChat(({ id, saved, transport }) =>
  useChat({ id, messages: saved, transport, resume: true }),
);
