-- Adds a task to its chat, and returns the chat's newest tasks.
--
-- KEYS  chat
-- ARGV  taskId    empty: nothing is added
--       ttlMs     how long the chat is kept at least
--       place     the task's score, microseconds since 1970; empty: after all others
--       maxTasks  how many tasks the chat remembers
--
-- Answers: whether the task was added (1), and the tasks in the order of their coming, each followed
-- by its age in milliseconds; superseded tasks, whose score is 0, come first with -1

local chat = KEYS[1]
local taskId, ttlMs, place, maxTasks = unpack(ARGV)

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local added = 0
if taskId ~= '' then
  local newest = tonumber(redis.call('ZRANGE', chat, -1, -1, 'WITHSCORES')[2]) or 0
  local score = tonumber(place) or math.max(now, newest + 1)
  added = redis.call('ZADD', chat, 'NX', score, taskId)
  redis.call('ZREMRANGEBYRANK', chat, 0, -(tonumber(maxTasks) + 1))
  -- Another task of the chat may wait for longer.
  if redis.call('PTTL', chat) < tonumber(ttlMs) then redis.call('PEXPIRE', chat, ttlMs) end
end
local reply = redis.call('ZRANGE', chat, 0, -1, 'WITHSCORES')
for i = 2, #reply, 2 do
  local score = tonumber(reply[i])
  reply[i] = score == 0 and -1 or math.max(0, math.floor((now - score) / 1000))
end
return {added, reply}
