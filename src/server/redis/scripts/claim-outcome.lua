-- Claims an unsaved outcome that nobody is telling the host.
--
-- KEYS  record, lease
-- ARGV  token, owner
--       knownFormat   records of a later format are left alone
--
-- Answers: none, if there is nothing to tell · running · held ms, if somebody else tells the host,
-- whose lease ends in ms · claimed leaseMs log chat continued, with the message that the task
-- continues, if it is kept

local record, lease = unpack(KEYS)
local token, owner, knownFormat = unpack(ARGV)

local known = redis.call('HMGET', record,
  'status', 'owner', 'unsaved', 'leaseMs', 'log', 'chat', 'continued', 'format')
local status, knownOwner, unsaved, leaseMs, log, chat, continued, format = unpack(known, 1, 8)
if tonumber(format or 1) > tonumber(knownFormat) then return {err = 'NEWER format ' .. format} end
if not status or knownOwner ~= owner then return {'none'} end
if status == 'running' or status == 'pending' then return {'running'} end
if not unsaved then return {'none'} end
local holder = redis.call('GET', lease)
if holder and holder ~= token then return {'held', redis.call('PTTL', lease)} end
redis.call('SET', lease, token, 'PX', leaseMs)
return {'claimed', tonumber(leaseMs), log, chat, continued}
