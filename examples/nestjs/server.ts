import 'reflect-metadata';
import { All, Controller, Module, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  createMemoryStreamContext,
  createTaskRoute,
  drainOnSignal,
  type NodeRequest,
  type NodeResponse,
  toNodeHandler,
} from 'ai-task-stream/server';
import { report } from '../lib/report';

const handleReport = toNodeHandler(createTaskRoute(report));
const handleWatchedReport = toNodeHandler(createTaskRoute(report, { cancelOnDisconnect: true }));

@Controller('api')
class ReportController {
  @All('report')
  report(@Req() request: NodeRequest, @Res() response: NodeResponse) {
    return handleReport(request, response);
  }

  @All('watched-report')
  watchedReport(@Req() request: NodeRequest, @Res() response: NodeResponse) {
    return handleWatchedReport(request, response);
  }
}

@Module({ controllers: [ReportController] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
export const server = await app.listen(Number(process.env.PORT ?? 3000));

drainOnSignal(createMemoryStreamContext(), {
  async onDrained() {
    await app.close();
    process.exit();
  },
});
