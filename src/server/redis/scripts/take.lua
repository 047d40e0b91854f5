-- Makes the caller the runner of a task that waits, and begins its attempt in the next epoch. The frames
-- after the newest checkpoint and before that epoch are void from then on.
--
-- KEYS  record, frames, lease, attempts
-- ARGV  token
--       readEpoch, readLast   where the log ended when the caller read it
--       leaseMs, ttlMs, home, channel
--       last, text            the number of the last of the attempt's first frames, and these frames,
--                             one per line
--
-- Answers: taken, or again if the caller had taken it before; then last, cancel, epoch, the deadline
-- and Redis' time · none, if the task may not be taken, or is not as the caller has read it

local record, frames, lease, attempts = unpack(KEYS)
local token, readEpoch, readLast, leaseMs, ttlMs, home, channel = unpack(ARGV, 1, 7)
local last, text = unpack(ARGV, 8, 9)

local known = redis.call('HMGET', record, 'token', 'epoch', 'end', 'status', 'cancel', 'deadlineAt')
local knownToken, knownEpoch, knownEnd, status, cancel, deadlineAt = unpack(known, 1, 6)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if knownToken == token and status == 'running' then
  return {'again', tonumber(knownEnd), cancel, knownEpoch, deadlineAt, now}
end
local isSame = status == 'pending' and knownEpoch == readEpoch and knownEnd == readLast
if not isSame or cancel then return {'none'} end
local counts = redis.call('HMGET', record, 'work', 'notBefore', 'startAt', 'attempt', 'tries')
local work, notBefore, startAt = cjson.decode(counts[1]), tonumber(counts[2]), counts[3]
if now < notBefore or now >= notBefore + work.maxWaitMs then return {'none'} end
if deadlineAt and now >= tonumber(deadlineAt) then return {'none'} end
if redis.call('EXISTS', attempts) == 0 then return {'none'} end

if not deadlineAt and work.deadlineMs then deadlineAt = now + work.deadlineMs end
local epoch = string.format('%.0f', tonumber(readEpoch) + 1)
redis.call('XADD', frames, epoch .. '-' .. (tonumber(last) + 1), 'a', '0', 'd', text)
redis.call('HSET', record, 'token', token, 'epoch', epoch, 'endOf' .. readEpoch, readLast,
  'end', last, 'status', 'running', 'rewind' .. epoch, startAt, 'home', home, 'leaseMs', leaseMs,
  'attempt', counts[4] + 1, 'tries', counts[5] + 1)
if deadlineAt then redis.call('HSET', record, 'deadlineAt', deadlineAt) end
redis.call('HDEL', record, 'notBefore')
redis.call('SET', lease, '1', 'PX', leaseMs)
for _, key in ipairs({record, frames, attempts}) do redis.call('PEXPIRE', key, ttlMs) end
redis.pcall('PUBLISH', channel, epoch .. ' 0 ' .. last .. ' ')
return {'taken', tonumber(last), cancel, epoch, redis.call('HGET', record, 'deadlineAt'), now}
