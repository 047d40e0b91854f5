-- Closes a task that waits for a runner, because it was asked to stop or its time is over.
--
-- KEYS  record, frames, attempts
-- ARGV  epoch, last            where the log ended when the caller read it
--       readCancel             the cancel as the caller read it; empty: none
--       channel
--       token                  one that nobody has
--       status, retentionMs
--       closingLast, text      the number of the last closing frame, and the frames, one per line
--
-- Answers: closed · changed, if the task is not as the caller has read it

local record, frames, attempts = unpack(KEYS)
local readEpoch, readLast, readCancel, channel, token = unpack(ARGV, 1, 5)
local status, retentionMs, closingLast, text = unpack(ARGV, 6, 9)

local known = redis.call('HMGET', record, 'epoch', 'end', 'status', 'cancel', 'saves')
local knownEpoch, knownEnd, knownStatus, cancel, saves = unpack(known, 1, 5)
local isSame = knownStatus == 'pending' and knownEpoch == readEpoch and knownEnd == readLast
if not isSame or (cancel or '') ~= readCancel then return 'changed' end
local epoch = string.format('%.0f', tonumber(readEpoch) + 1)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('XADD', frames, epoch .. '-' .. (tonumber(closingLast) + 1), 'a', '0', 'd', text)
redis.call('HSET', record, 'token', token, 'epoch', epoch, 'endOf' .. readEpoch, readLast,
  'end', closingLast, 'status', status, 'settledAt', now)
-- Nobody has to be told of it: it does not stay its chat's task.
redis.call('HSET', record, saves and 'unsaved' or 'released', '1')
redis.call('HDEL', record, 'work', 'tries', 'freeHandOvers', 'checkpointOf', 'startAt',
  'handedOverBy', 'triesBefore', 'freeHandOversBefore', 'deadlineAt', 'notBefore')
redis.call('DEL', attempts)
redis.call('PEXPIRE', record, retentionMs)
redis.call('PEXPIRE', frames, retentionMs)
redis.pcall('PUBLISH', channel, epoch .. ' 0 ' .. closingLast .. ' ' .. status)
return 'closed'
