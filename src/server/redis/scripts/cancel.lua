-- Asks a task to stop, or keeps that for one that is not open.
--
-- KEYS  record, earlyCancels
-- ARGV  owner
--       reason        as it is stored
--       keptMs        how long it is kept for a task that is not open
--       taskId
--       definition    empty: any
--       cancelField   the field in which it is kept
--
-- ASKED · KEPT · REFUSED: the task is over, or the asker's not to know

local record, earlyCancels = unpack(KEYS)
local owner, reason, keptMs, taskId, definition, cancelField = unpack(ARGV)

local known = redis.call('HMGET', record, 'status', 'owner', 'home', 'definition')
local status, knownOwner, home, knownDefinition = unpack(known, 1, 4)
if not status then
  redis.call('HSETNX', earlyCancels, cancelField, reason)
  redis.call('PEXPIRE', earlyCancels, keptMs)
  return 'KEPT'
end
if status ~= 'running' or knownOwner ~= owner then return 'REFUSED' end
if definition ~= '' and knownDefinition ~= definition then return 'REFUSED' end
redis.call('HSETNX', record, 'cancel', reason)
redis.pcall('PUBLISH', home, taskId)
return 'ASKED'
