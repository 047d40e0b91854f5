-- Marks a task whose lease has lapsed as suspect, or closes it.
--
-- KEYS  record, frames, lease
-- ARGV  epoch, last      where the log ended when that was read
--       waitMs           how long the task stays suspect before it can be closed
--       readAt           Redis' time when that was read
--       readCancel       the cancel as it was read; empty: none
--       channel
--       and, to close it and not only to mark it: token, status, retentionMs, the number of the last
--       frame, frames
--
-- wait ms · ready: it can be closed · closed · changed: it is not as it was read

local record, frames, lease = unpack(KEYS)
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
-- A mark from the future was made by another clock.
if not waited or waited < 0 then
  redis.call('HSET', record, 'suspect', now)
  return {'wait', waitMs}
end
if waited < waitMs then return {'wait', waitMs - waited} end
if not token then return {'ready'} end
-- Redis itself was away since the caller looked: the producer gets its chance to come back.
if now - tonumber(readAt) > waitMs then return {'changed'} end
if (cancel or '') ~= readCancel then return {'changed'} end
local epoch = string.format('%.0f', tonumber(readEpoch) + 1)
redis.call('XADD', frames, epoch .. '-' .. (tonumber(last) + 1), 'a', '0', 'd', text)
redis.call('HSET', record, 'token', token, 'epoch', epoch, 'endOf' .. readEpoch, readLast,
  'end', last, 'status', status, 'settledAt', now, 'unsaved', '1')
redis.call('HDEL', record, 'suspect')
redis.call('PEXPIRE', record, retentionMs)
redis.call('PEXPIRE', frames, retentionMs)
redis.pcall('PUBLISH', channel, epoch .. ' 0 ' .. last .. ' ' .. status)
return {'closed'}
