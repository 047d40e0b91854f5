-- Takes back a claim of which nothing has come.
--
-- KEYS  record, frames, lease, earlyCancels
-- ARGV  token
--       keptMs        how long a cancel is kept for a task that is not open
--       cancelField   in which field
--
-- 1: it is taken back · 0: it is not the caller's

local record, frames, lease, earlyCancels = unpack(KEYS)
local token, keptMs, cancelField = unpack(ARGV)

local knownToken, cancel = unpack(redis.call('HMGET', record, 'token', 'cancel'), 1, 2)
if knownToken ~= token then return 0 end
redis.call('DEL', record, frames, lease)
if cancel then
  redis.call('HSETNX', earlyCancels, cancelField, cancel)
  redis.call('PEXPIRE', earlyCancels, keptMs)
end
return 1
