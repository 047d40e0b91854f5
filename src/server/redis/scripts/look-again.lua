-- Says when an open task is due again, or that it never is. A task that is not in the index stays out.
--
-- KEYS  index
-- ARGV  entry
--       until   until when the task is the caller's; empty: whoever has it
--       inMs    when somebody has to look at it again; empty: never
--
-- Answers: 1, if that is done · 0, if the task is somebody else's, or not there

local index = KEYS[1]
local entry, untilText, inMs = unpack(ARGV)

local score = redis.call('ZSCORE', index, entry)
if not score then return 0 end
if untilText ~= '' and tonumber(score) ~= tonumber(untilText) then return 0 end
if inMs == '' then return redis.call('ZREM', index, entry) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', index, now + tonumber(inMs), entry)
return 1
