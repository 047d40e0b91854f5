import { createTaskRoute } from 'ai-task-stream/server';
import { after } from 'next/server';
import { report } from '../../../../../lib/report';

export const { POST, GET, DELETE } = createTaskRoute(report, {
  cancelOnDisconnect: true,
  waitUntil: after,
});
