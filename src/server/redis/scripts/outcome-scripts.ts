import type { RedisScript } from '../client/redis-link';

/**
 * The scripts by which the host is told of an outcome by one process at a time. Their keys are
 * those of `redis-scripts.ts`: `m` the record, `l` the lease. Once a task has settled, whoever
 * tells the host of it holds the lease under a token of its own: first the process that ran the
 * task, and when that is gone, whoever claims the outcome.
 *
 * The record's field `log` is the token with which its log was opened: unlike `token` it stays when
 * the task is closed by others, and another log of the same id has another one.
 */

/**
 * KEYS m l · ARGV token, owner. Claims the telling of an outcome that nobody tells. `NONE`: there
 * is nothing to tell; `RUNNING`; `HELD`: somebody else tells, for so many milliseconds at least;
 * `CLAIMED`: leaseMs, log, chat, and the message that the task continues, if that is kept.
 */
export const claimOutcomeScript: RedisScript = {
  name: 'claimOutcome',
  source: `
local meta = redis.call('HMGET', KEYS[1], 'status', 'owner', 'unsaved', 'leaseMs', 'log', 'chat', 'continued')
if not meta[1] or meta[2] ~= ARGV[2] then return {'NONE'} end
if meta[1] == 'running' then return {'RUNNING'} end
if not meta[3] then return {'NONE'} end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return {'HELD', redis.call('PTTL', KEYS[2])} end
redis.call('SET', KEYS[2], ARGV[1], 'PX', meta[4])
return {'CLAIMED', tonumber(meta[4]), meta[5], meta[6], meta[7]}
`,
};

/**
 * KEYS m l · ARGV token, log, leaseMs. Goes on holding an outcome, also after a pause in which the
 * lease ran out and nobody took it. 0: it is somebody else's, or there is nothing to tell any more.
 */
export const holdOutcomeScript: RedisScript = {
  name: 'holdOutcome',
  source: `
local meta = redis.call('HMGET', KEYS[1], 'log', 'status', 'unsaved')
if meta[1] ~= ARGV[2] or meta[2] == 'running' or not meta[3] then return 0 end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return 0 end
-- To renew works in a Redis without memory, too.
if holder then redis.call('PEXPIRE', KEYS[2], ARGV[3])
else redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3]) end
return 1
`,
};

/**
 * KEYS m l · ARGV token, log, whether the host has the outcome (1). Ends the telling. 0: the record
 * is that of another log of the same id, and nothing was done.
 */
export const releaseOutcomeScript: RedisScript = {
  name: 'releaseOutcome',
  source: `
local meta = redis.call('HMGET', KEYS[1], 'log', 'status')
if meta[1] and meta[1] ~= ARGV[2] then return 0 end
if ARGV[3] == '1' then redis.call('HDEL', KEYS[1], 'unsaved', 'continued') end
if meta[2] ~= 'running' and redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return 1
`,
};
