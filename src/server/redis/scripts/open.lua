-- Claims a task in an epoch that no earlier log of its id had; or, with an epoch, begins a log anew
-- that the storage has lost. An epoch that is drawn is the time, in milliseconds since `epochOrigin`,
-- unless something is known to be higher: the clock may have been set back.
--
-- KEYS  record, frames, lease, earlyCancels
-- ARGV  token
--       wantedEpoch    empty: one is drawn
--       wantedFirst    the log's first epoch; empty: the same
--       newestEpoch    that the new one must lie above
--       epochOrigin    milliseconds since 1970
--       endedEpochs    `epoch=end` joined by commas
--       leaseMs, ttlMs
--       last           the number of the last frame
--       text           the frames, one per line
--       cancelOfAny, cancelOfThis   the fields in which a cancel that came before it may be
--       fields of the record, each followed by its value
--
-- open last cancel epoch · exists

local record, frames, lease, earlyCancels = unpack(KEYS)
local token, wantedEpoch, wantedFirst, newestEpoch, epochOrigin, endedEpochs = unpack(ARGV, 1, 6)
local leaseMs, ttlMs, last, text, cancelOfAny, cancelOfThis = unpack(ARGV, 7, 12)
local firstField = 13

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
-- Frames whose record is gone.
local newest = epochOf(redis.call('XREVRANGE', frames, '+', '-', 'COUNT', 1))
local isStale = redis.call('EXISTS', frames) == 1
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if epoch == '' then
  local drawn = math.max(now - tonumber(epochOrigin), tonumber(newestEpoch) + 1, (newest or 0) + 1)
  epoch = string.format('%.0f', drawn)
  first = epoch
elseif newest then
  -- Another log has begun since, or somebody has closed this one.
  if newest >= tonumber(epoch) then return {'exists'} end
  isStale = epochOf(redis.call('XRANGE', frames, '-', '+', 'COUNT', 1)) < tonumber(first)
end

local cancel = redis.call('HGET', earlyCancels, cancelOfAny)
  or redis.call('HGET', earlyCancels, cancelOfThis)
-- Redis looks at its memory before the first write only, so that has to be the one which needs it.
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
for ended, endOfIt in string.gmatch(endedEpochs, '(%d+)=(-?%d+)') do
  fields[#fields + 1] = 'endOf' .. ended
  fields[#fields + 1] = endOfIt
end
for i = firstField, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', record, unpack(fields))
redis.call('SET', lease, '1', 'PX', leaseMs)
redis.call('PEXPIRE', record, ttlMs)
return {'open', tonumber(last), cancel, epoch}
