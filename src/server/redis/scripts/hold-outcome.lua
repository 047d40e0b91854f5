-- Goes on holding an outcome, also after a pause in which the lease ran out and nobody took it.
--
-- KEYS  record, lease
-- ARGV  token, log, leaseMs
--
-- 1: it is held · 0: it is somebody else's, or there is nothing to tell any more

local record, lease = unpack(KEYS)
local token, log, leaseMs = unpack(ARGV)

local known = redis.call('HMGET', record, 'log', 'status', 'unsaved')
local knownLog, status, unsaved = unpack(known, 1, 3)
if knownLog ~= log or status == 'running' or not unsaved then return 0 end
local holder = redis.call('GET', lease)
if holder and holder ~= token then return 0 end
-- To renew works in a Redis without memory, too.
if holder then redis.call('PEXPIRE', lease, leaseMs)
else redis.call('SET', lease, token, 'PX', leaseMs) end
return 1
