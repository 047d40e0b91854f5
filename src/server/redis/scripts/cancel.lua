-- Asks a task to stop, or keeps that for one that is not open.
--
-- KEYS  record, earlyCancels
-- ARGV  owner
--       reason        as it is stored
--       keptMs        how long it is kept for a task that is not open
--       taskId
--       definition    empty: any
--       cancelField   the field in which it is kept
--       knownFormat   a record of a later one is left alone
--
-- asked · kept · refused: the task is over, or the asker's not to know

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
if status ~= 'running' or knownOwner ~= owner then return 'refused' end
if definition ~= '' and knownDefinition ~= definition then return 'refused' end
redis.call('HSETNX', record, 'cancel', reason)
redis.pcall('PUBLISH', home, taskId)
return 'asked'
