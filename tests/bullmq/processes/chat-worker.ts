// A worker that answers chats, and stands still, with each at the point that its chat's id tells.
import { createTaskQueue } from 'ai-task-stream/bullmq';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { createHeldChats, heldAt } from '../../helpers/held-chats';
import { connectAdmin } from '../../helpers/redis-admin';
import { createRedisTexts } from '../../helpers/redis-texts';

const { HELD_REDIS_URL: url = '', HELD_KEY_PREFIX: keyPrefix = '' } = process.env;

const streamContext = createRedisStreamContext({ url, keyPrefix, onError: () => {} });
const chats = createHeldChats({
  streamContext,
  heartbeatMs: 300,
  store: createRedisTexts(await connectAdmin(url), keyPrefix),
  async hold(chatId, point) {
    if (point !== heldAt(chatId)) return;
    process.send?.({ held: chatId });
    await new Promise(() => {});
  },
});
const queue = createTaskQueue({
  ...{ streamContext, tasks: [chats.again.task], name: keyPrefix, connection: { url } },
  onError: () => {},
});
queue.work({ heartbeatMs: 300, concurrency: 10 });
