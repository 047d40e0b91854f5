import { createChatRoute, toNodeHandler } from 'ai-task-stream/server';
import express from 'express';
import { chat } from '../lib/chat';

const app = express();
app.all('/api/chat', toNodeHandler(createChatRoute(chat)));

export const server = app.listen(Number(process.env.PORT ?? 3000));
