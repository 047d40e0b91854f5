-- Asks a task to stop. For a task that is not open yet the request is kept.
--
-- KEYS  record, earlyCancels
-- ARGV  owner
--       reason        the reason as it is stored
--       keptMs        how long the request is kept for a task that is not open
--       taskId
--       definition    the definition that the task has to be of; empty: any
--       cancelField   the field in which the request is kept
--       knownFormat   records of a later format are left alone
--
-- Answers: asked · waits, if it was asked and has no runner, so that the caller has to close it · kept ·
-- refused, if the task is over or the asker may not know of it

local record, earlyCancels = unpack(KEYS)
local owner, reason, keptMs, taskId, definition, cancelField, knownFormat = unpack(ARGV)

local known = redis.call('HMGET', record, 'status', 'owner', 'home', 'definition', 'format')
local status, knownOwner, home, knownDefinition, format = unpack(known, 1, 5)
if tonumber(format or 1) > tonumber(knownFormat) then return {err = 'NEWER format ' .. format} end
if not status then
  redis.call('HSETNX', earlyCancels, cancelField, reason)
  redis.call('PEXPIRE', earlyCancels, keptMs)
  return 'kept'
end
local waits = status == 'pending'
if (status ~= 'running' and not waits) or knownOwner ~= owner then return 'refused' end
if definition ~= '' and knownDefinition ~= definition then return 'refused' end
redis.call('HSETNX', record, 'cancel', reason)
if waits then return 'waits' end
redis.pcall('PUBLISH', home, taskId)
return 'asked'
