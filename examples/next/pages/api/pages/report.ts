import { createTaskRoute, toNodeHandler } from 'ai-task-stream/server';
import { report } from '../../../../lib/report';

export default toNodeHandler(createTaskRoute(report));
