import { createChatRoute } from 'ai-task-stream/server';
import { after } from 'next/server';
import { chat } from '../../../../../lib/chat';

export const { POST, GET, DELETE } = createChatRoute({ ...chat, waitUntil: after });
