-- Claims a task in an epoch that no earlier log of the same id had. Or, with `wantedEpoch`, begins a
-- log anew that the storage has lost. The epoch of a claim is the time in milliseconds since
-- `epochOrigin`, or one above the highest known epoch, if the clock was set back.
--
-- KEYS  record, frames, lease, earlyCancels
-- ARGV  token
--       wantedEpoch    the epoch in which a lost log goes on; empty: a claim
--       wantedFirst    the first epoch of a lost log; empty: a claim
--       newestEpoch    the epoch of a claim must lie above this one
--       epochOrigin    milliseconds since 1970
--       leaseMs, ttlMs
--       last           the number of the last frame
--       text           the frames, one per line
--       cancelOfAny, cancelOfThis   the fields in which a cancel that came before may be
--       then the other fields of the record, each followed by its value
--
-- Answers: open last cancel epoch · exists, if the id is taken

local record, frames, lease, earlyCancels = unpack(KEYS)
local token, wantedEpoch, wantedFirst, newestEpoch, epochOrigin = unpack(ARGV, 1, 5)
local leaseMs, ttlMs, last, text, cancelOfAny, cancelOfThis = unpack(ARGV, 6, 11)
local firstField = 12

local known = redis.call('HMGET', record, 'token', 'epoch', 'first', 'end', 'cancel')
local knownToken, knownEpoch, knownFirst, knownEnd, knownCancel = unpack(known, 1, 5)
if knownToken then
  local isClaim = wantedEpoch == '' and knownEpoch == knownFirst
  if knownToken == token and (isClaim or knownEpoch == wantedEpoch) then
    return {'open', tonumber(knownEnd), knownCancel, knownEpoch}
  end
  return {'exists'}
end

local function epochOf(entries)
  return entries[1] and tonumber(string.match(entries[1][1], '^%d+'))
end

local epoch, first = wantedEpoch, wantedFirst
-- Frames whose record is gone are left of an earlier log, or of this one.
local newest = epochOf(redis.call('XREVRANGE', frames, '+', '-', 'COUNT', 1))
local isStale = redis.call('EXISTS', frames) == 1
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if epoch == '' then
  local drawn = math.max(now - tonumber(epochOrigin), tonumber(newestEpoch) + 1, (newest or 0) + 1)
  epoch = string.format('%.0f', drawn)
  first = epoch
elseif newest then
  -- A higher epoch: another log has begun since, or somebody has closed this one.
  if newest >= tonumber(epoch) then return {'exists'} end
  isStale = epochOf(redis.call('XRANGE', frames, '-', '+', 'COUNT', 1)) < tonumber(first)
end

local cancel = redis.call('HGET', earlyCancels, cancelOfAny)
  or redis.call('HGET', earlyCancels, cancelOfThis)
-- Redis checks its memory before a script's first write only, so XADD, which needs some, comes first.
if isStale then redis.call('DEL', frames) end
redis.call('XADD', frames, epoch .. '-' .. (tonumber(last) + 1), 'a', '0', 'd', text)
redis.call('PEXPIRE', frames, ttlMs)
redis.call('DEL', earlyCancels)

local fields = {'openedAt', now, 'token', token, 'log', token, 'epoch', epoch, 'first', first,
  'end', last, 'status', 'running'}
if cancel then
  fields[#fields + 1] = 'cancel'
  fields[#fields + 1] = cancel
end
for i = firstField, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', record, unpack(fields))
redis.call('SET', lease, '1', 'PX', leaseMs)
redis.call('PEXPIRE', record, ttlMs)
return {'open', tonumber(last), cancel, epoch}
