-- Marks a task as suspect whose lease has lapsed, or closes a task that was suspect for long enough. Or
-- lets it wait for another runner, under a token that nobody has.
--
-- KEYS  record, frames, lease
--       attempts         given for a task that may be attempted again
-- ARGV  epoch, last      where the log ended when the caller read it
--       waitMs           how long the task stays suspect before it can be closed
--       readAt           Redis' time when the caller had read the log
--       readCancel       the cancel as the caller read it; empty: none
--       channel
--       and only to close the task: token, status, retentionMs, the number of the last closing frame,
--       and the closing frames, one per line
--       or only to let it wait: token, pending, how long the task is kept
--
-- Answers: wait ms · ready, if the task can be closed · closed, or waits now · changed, if the task is not as the
-- caller has read it

local record, frames, lease, attempts = unpack(KEYS)
local readEpoch, readLast, waitText, readAt, readCancel, channel = unpack(ARGV, 1, 6)
local token, status, retentionMs, last, text = unpack(ARGV, 7, 11)
local waitMs = tonumber(waitText)

local known = redis.call('HMGET', record, 'epoch', 'end', 'status', 'suspect', 'cancel')
local knownEpoch, knownEnd, knownStatus, suspectSince, cancel = unpack(known, 1, 5)
local isSame = knownStatus == 'running' and knownEpoch == readEpoch and knownEnd == readLast
if not isSame then return {'changed'} end
if redis.call('EXISTS', lease) == 1 then return {'changed'} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local waited = suspectSince and now - tonumber(suspectSince)
-- A mark from the future was made before the clock was set back, and is made anew.
if not waited or waited < 0 then
  redis.call('HSET', record, 'suspect', now)
  return {'wait', waitMs}
end
if waited < waitMs then return {'wait', waitMs - waited} end
if not token then return {'ready'} end
-- If Redis itself was away since the caller read, the producer gets a chance to come back first.
if now - tonumber(readAt) > waitMs then return {'changed'} end
if (cancel or '') ~= readCancel then return {'changed'} end
if status == 'pending' then
  redis.call('HSET', record, 'token', token, 'status', status, 'notBefore', now)
  redis.call('HDEL', record, 'suspect')
  for _, key in ipairs({record, frames, attempts}) do redis.call('PEXPIRE', key, retentionMs) end
  redis.pcall('PUBLISH', channel, readEpoch .. ' ' .. (readLast + 1) .. ' ' .. readLast .. ' pending')
  return {'closed'}
end
local epoch = string.format('%.0f', tonumber(readEpoch) + 1)
redis.call('XADD', frames, epoch .. '-' .. (tonumber(last) + 1), 'a', '0', 'd', text)
redis.call('HSET', record, 'token', token, 'epoch', epoch, 'endOf' .. readEpoch, readLast,
  'end', last, 'status', status, 'settledAt', now, 'unsaved', '1')
redis.call('HDEL', record, 'suspect')
if attempts then
  redis.call('DEL', attempts)
  redis.call('HDEL', record, 'work', 'tries', 'freeHandOvers', 'checkpointOf', 'startAt',
    'handedOverBy', 'triesBefore', 'freeHandOversBefore', 'deadlineAt', 'notBefore')
end
redis.call('PEXPIRE', record, retentionMs)
redis.call('PEXPIRE', frames, retentionMs)
redis.pcall('PUBLISH', channel, epoch .. ' 0 ' .. last .. ' ' .. status)
return {'closed'}
