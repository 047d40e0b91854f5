import { type LanguageModel, streamText } from 'ai';
import { defineTask } from 'ai-task-stream/server';
import type { BookingService } from './bookings';
import { createTravelTools } from './travel-tools';
import { findPlace, retryStep, stepCheckpoint, tripInput } from './trip';

const maxSteps = 20;

/** The same as a loop of one's own, a call of the model for each step. */
export function defineTravelLoop(model: LanguageModel, service: BookingService) {
  return defineTask({
    name: 'travel-loop',
    input: tripInput,
    retry: retryStep,
    checkpoint: stepCheckpoint,
    chat: ({ input }) => ({ chatId: input.tripId }),
    execute: async ({ input, task, writer, signal }) => {
      let { step, messages } = await findPlace(input.wish, task);
      const tools = createTravelTools(service, () => `${task.taskId}:${step}`);
      while (step < maxSteps) {
        const result = streamText({ model, messages, tools, abortSignal: signal });
        writer.merge(result.toUIMessageStream({ sendFinish: false }));
        const [reason, response] = await Promise.all([result.finishReason, result.response]);
        step++;
        if (reason !== 'tool-calls') break;
        messages = [...messages, ...response.messages];
        // Behind the stream of its step. The checkpoint waits until all of that stream is out.
        await task.checkpoint({ step });
      }
    },
  });
}
