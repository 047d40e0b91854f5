-- Claims the telling of an outcome that nobody tells.
--
-- KEYS  record, lease
-- ARGV  token, owner
--
-- NONE: there is nothing to tell · RUNNING · HELD ms: somebody else tells, for so long at least
-- CLAIMED leaseMs log chat continued: with the message that the task continues, if that is kept

local record, lease = unpack(KEYS)
local token, owner = unpack(ARGV)

local known = redis.call('HMGET', record,
  'status', 'owner', 'unsaved', 'leaseMs', 'log', 'chat', 'continued')
local status, knownOwner, unsaved, leaseMs, log, chat, continued = unpack(known, 1, 7)
if not status or knownOwner ~= owner then return {'NONE'} end
if status == 'running' then return {'RUNNING'} end
if not unsaved then return {'NONE'} end
local holder = redis.call('GET', lease)
if holder and holder ~= token then return {'HELD', redis.call('PTTL', lease)} end
redis.call('SET', lease, token, 'PX', leaseMs)
return {'CLAIMED', tonumber(leaseMs), log, chat, continued}
