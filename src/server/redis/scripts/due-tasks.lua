-- Gives open tasks that are due, and puts them off by the time in which the caller looks at them.
--
-- KEYS  indexes, all of one shard
-- ARGV  limit     how many tasks at most
--       leaseMs   by how much they are put off
--
-- Answers: the time until which the tasks are the caller's, and for each index its entries

local limit, leaseMs = tonumber(ARGV[1]), tonumber(ARGV[2])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for i, index in ipairs(KEYS) do
  local entries = redis.call('ZRANGEBYSCORE', index, '-inf', now, 'LIMIT', 0, limit)
  for _, entry in ipairs(entries) do redis.call('ZADD', index, now + leaseMs, entry) end
  limit = limit - #entries
  found[i] = entries
end
return {now + leaseMs, found}
