-- Adds a task to the index of open tasks, and drops entries that nobody has looked at for very long.
--
-- KEYS  index
-- ARGV  entry
--       inMs      when somebody has to look at the task
--       keptMs    how long the index is kept at least, and how long an entry that is due
--
-- Answers: 1

local index = KEYS[1]
local entry, inMs, keptMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', index, now + inMs, entry)
redis.call('ZREMRANGEBYSCORE', index, '-inf', now - keptMs)
if redis.call('PTTL', index) < keptMs + inMs then redis.call('PEXPIRE', index, keptMs + inMs) end
return 1
