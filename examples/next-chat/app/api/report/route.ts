import { createTaskRoute } from 'ai-task-stream/server';
import { after } from 'next/server';
import { streamContext } from '../../../lib/stream-context';
import { writeReport } from '../../../lib/write-report';

export const { POST, GET, DELETE } = createTaskRoute(writeReport, {
  streamContext,
  waitUntil: after,
});
