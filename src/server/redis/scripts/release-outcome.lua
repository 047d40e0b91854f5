-- Gives up the right to tell the host an outcome, because the host was told, or could not be.
--
-- KEYS  record, lease
-- ARGV  token, log
--       isSaved   1: the host has the outcome
--
-- Answers: 1, if that is done · 0, if the record is of another log of the same id

local record, lease = unpack(KEYS)
local token, log, isSaved = unpack(ARGV)

local knownLog, status = unpack(redis.call('HMGET', record, 'log', 'status'), 1, 2)
if knownLog and knownLog ~= log then return 0 end
if isSaved == '1' then redis.call('HDEL', record, 'unsaved', 'continued') end
if status ~= 'running' and redis.call('GET', lease) == token then redis.call('DEL', lease) end
return 1
