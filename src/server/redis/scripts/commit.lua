-- Stores entries, renews the lease, and settles the task with the last of them. Without entries it
-- only renews. Whatever it does is published, which proves the producer's life to readers elsewhere.
--
-- An epoch above the one that is open begins with an entry from its frame 0 on, and ends that one.
--
-- Settling a task of which the host is yet to be told (`saves`) marks it so, and leaves the lease to
-- whoever tells: first the producer.
--
-- KEYS  record, frames, lease
-- ARGV  token, epoch, leaseMs, ttlMs, channel
--       status           empty: the task goes on
--       settledAt
--       yieldsToCancel   1: a cancel that was accepted keeps it from settling
--       maxTextLength    of frames that are published with the news of them, in bytes
--       then for each entry: first, last, text
--
-- stored last cancel       an entry that was stored already is left out
-- behind last cancel       an entry does not join what the log ends with; -1: it has nothing of the epoch
-- refused last cancel why  Redis refused to store an entry
-- cancelled last cancel    it would settle, but a cancel was accepted, and nothing is stored of it
-- gone · fenced            there is no such log, or it is not the caller's any more

local record, frames, lease = unpack(KEYS)
local token, epoch, leaseMs, ttlMs, channel = unpack(ARGV, 1, 5)
local status, settledAt, yieldsToCancel, maxTextLength = unpack(ARGV, 6, 9)
local firstEntry, fieldCount = 10, 3
local count = #ARGV

local known = redis.call('HMGET', record,
  'token', 'epoch', 'status', 'end', 'cancel', 'suspect', 'saves')
local knownToken, knownEpoch, knownStatus, knownEnd, cancel, suspect, saves = unpack(known, 1, 7)
if not knownToken then return {'gone'} end
if knownToken ~= token or tonumber(knownEpoch) > tonumber(epoch) then return {'fenced'} end
local isBegun = knownEpoch == epoch
local before = isBegun and tonumber(knownEnd) or -1
if knownStatus ~= 'running' then
  local isStored = count < firstEntry or tonumber(ARGV[count - 1]) <= before
  if isStored then return {'stored', before, cancel} end
  return {'fenced'}
end
if cancel and yieldsToCancel ~= '' then return {'cancelled', before, cancel} end

local last = before
local problem
for i = firstEntry, count, fieldCount do
  local entryFirst, entryLast, text = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), ARGV[i + 2]
  if entryLast > last then
    if entryFirst ~= last + 1 then
      problem = {'behind', last, cancel}
      break
    end
    local id = epoch .. '-' .. (entryLast + 1)
    local added = redis.pcall('XADD', frames, id, 'a', ARGV[i], 'd', text)
    if type(added) == 'table' and added.err then
      problem = {'refused', last, cancel, added.err}
      break
    end
    last = entryLast
  end
end

if last > before and not isBegun then
  redis.call('HSET', record, 'epoch', epoch, 'endOf' .. knownEpoch, knownEnd)
end
local settles = status ~= '' and not problem
if settles then
  redis.call('HSET', record, 'end', last, 'status', status, 'settledAt', settledAt)
  if saves then
    redis.call('HSET', record, 'unsaved', '1')
    redis.call('SET', lease, token, 'PX', leaseMs)
  else
    redis.call('DEL', lease)
  end
else
  if last > before then redis.call('HSET', record, 'end', last) end
  -- Works in a Redis without memory, too: the producer lives, whatever cannot be stored.
  if redis.call('PEXPIRE', lease, leaseMs) == 0 then
    redis.call('SET', lease, '1', 'PX', leaseMs)
  end
end
if suspect then redis.call('HDEL', record, 'suspect') end
for i = 1, 2 do
  if settles or redis.call('PTTL', KEYS[i]) < tonumber(ttlMs) / 2 then
    redis.call('PEXPIRE', KEYS[i], ttlMs)
  end
end
if problem then return problem end

local message = epoch .. ' ' .. (before + 1) .. ' ' .. last .. ' ' .. status
local isOne = count == firstEntry + fieldCount - 1
if isOne and last > before then
  local entryFirst, text = ARGV[firstEntry], ARGV[firstEntry + 2]
  if #text <= tonumber(maxTextLength) then
    message = epoch .. ' ' .. entryFirst .. ' ' .. last .. ' ' .. status .. '\n' .. text
  end
end
redis.pcall('PUBLISH', channel, message)
return {'stored', last, cancel}
