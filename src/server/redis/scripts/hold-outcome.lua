-- Renews the right to tell the host an outcome, even after it lapsed, if nobody else has taken it.
--
-- KEYS  record, lease
-- ARGV  token, log, leaseMs
--
-- Answers: 1, if the caller holds the right · 0, if somebody else does, or nothing is left to tell

local record, lease = unpack(KEYS)
local token, log, leaseMs = unpack(ARGV)

local known = redis.call('HMGET', record, 'log', 'status', 'unsaved')
local knownLog, status, unsaved = unpack(known, 1, 3)
local isOver = status ~= 'running' and status ~= 'pending'
if knownLog ~= log or not isOver or not unsaved then return 0 end
local holder = redis.call('GET', lease)
if holder and holder ~= token then return 0 end
-- Unlike SET, PEXPIRE also works in a Redis whose memory is full.
if holder then redis.call('PEXPIRE', lease, leaseMs)
else redis.call('SET', lease, token, 'PX', leaseMs) end
return 1
