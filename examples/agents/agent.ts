import { type LanguageModel, ToolLoopAgent } from 'ai';
import { defineTask } from 'ai-task-stream/server';
import type { BookingService } from './bookings';
import { createTravelTools } from './travel-tools';
import { findPlace, retryStep, stepCheckpoint, tripInput } from './trip';

/** An agent that goes on after its last finished step when its process is gone. */
export function defineTravelAgent(model: LanguageModel, service: BookingService) {
  return defineTask({
    name: 'travel-agent',
    input: tripInput,
    retry: retryStep,
    checkpoint: stepCheckpoint,
    // A chat's task, so that the next attempt gets the message as it was at the checkpoint.
    chat: ({ input }) => ({ chatId: input.tripId }),
    execute: async ({ input, task, writer, signal }) => {
      let { step, messages } = await findPlace(input.wish, task);
      const agent = new ToolLoopAgent({
        model,
        instructions: 'You book what a trip needs, and then say that it is booked.',
        tools: createTravelTools(service, () => `${task.taskId}:${step}`),
        prepareStep: async ({ stepNumber }) => {
          // The right place with AI SDK 6 and 7: the step before is over, its end is out, and there is one
          // to come. `onStepFinish` is called before the end is out, and for the last step, too.
          if (stepNumber > 0) await task.checkpoint({ step: ++step });
          return {};
        },
      });
      const result = await agent.stream({ messages, abortSignal: signal });
      // With AI SDK 7 also as `toUIMessageStream({ stream: result.stream })`.
      writer.merge(result.toUIMessageStream());
    },
  });
}
