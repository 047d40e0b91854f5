import { createTaskRoute } from 'ai-task-stream/server';
import { after } from 'next/server';
import { writeReport } from '../../../lib/write-report';

export const { POST, GET, DELETE } = createTaskRoute(writeReport, { waitUntil: after });
