-- Takes back the claim of a task that will not run.
--
-- KEYS  record, frames, lease, earlyCancels
--       attempts      given for a task that may be attempted again
-- ARGV  token
--       keptMs        how long a cancel of the task is kept for the next attempt
--       cancelField   the field in which it is kept
--
-- Answers: 1, if the claim is taken back · 0, if it is not the caller's

local record, frames, lease, earlyCancels, attempts = unpack(KEYS)
local token, keptMs, cancelField = unpack(ARGV)

local knownToken, cancel = unpack(redis.call('HMGET', record, 'token', 'cancel'), 1, 2)
if knownToken ~= token then return 0 end
redis.call('DEL', record, frames, lease)
if attempts then redis.call('DEL', attempts) end
if cancel then
  redis.call('HSETNX', earlyCancels, cancelField, cancel)
  redis.call('PEXPIRE', earlyCancels, keptMs)
end
return 1
