-- Claims a task in an epoch that no earlier log of the same id had. Or, with `wantedEpoch`, begins a
-- log anew that the storage has lost. The epoch of a claim is the time in milliseconds since
-- `epochOrigin`, or one above the highest known epoch, if the clock was set back.
--
-- KEYS  record, frames, lease, earlyCancels
--       attempts       given for a task that may be attempted again
-- ARGV  token
--       wantedEpoch    the epoch in which a lost log goes on; empty: a claim
--       wantedFirst    the first epoch of a lost log; empty: a claim
--       newestEpoch    the epoch of a claim must lie above this one
--       epochOrigin    milliseconds since 1970
--       leaseMs, ttlMs
--       last           the number of the last frame
--       text           the frames, one per line
--       cancelOfAny, cancelOfThis   the fields in which a cancel that came before may be
--       with `attempts` also:
--         input, context, start   kept for the next attempt
--         startN                  the last of the frames that the next attempt keeps
--         delayMs                 the task waits, and nobody may take it so long; empty: it runs
--         deadlineAt, deadlineMs  the deadline, or how long after the first attempt's beginning it
--                                 is; empty: none
--       then the other fields of the record, each followed by its value
--
-- Answers: open last cancel epoch, and with `attempts` the deadline · over, if the caller had claimed the
-- task, which has settled since · exists, if the id is taken

local record, frames, lease, earlyCancels, attempts = unpack(KEYS)
local token, wantedEpoch, wantedFirst, newestEpoch, epochOrigin = unpack(ARGV, 1, 5)
local leaseMs, ttlMs, last, text, cancelOfAny, cancelOfThis = unpack(ARGV, 6, 11)
local firstField = attempts and 19 or 12
local input, context, start, startN, delayMs, deadlineAt, deadlineMs
if attempts then
  input, context, start, startN, delayMs, deadlineAt, deadlineMs = unpack(ARGV, 12, 18)
end
local waits = attempts and delayMs ~= ''

local known = redis.call('HMGET', record,
  'token', 'epoch', 'first', 'end', 'cancel', 'log', 'status')
local knownToken, knownEpoch, knownFirst, knownEnd, knownCancel, knownLog, status = unpack(known, 1, 7)
if knownToken then
  -- Somebody may have taken the task that the caller has opened as one that waits.
  if waits and knownLog == token then
    return {'open', tonumber(knownEnd), knownCancel, knownEpoch, false}
  end
  local isClaim = wantedEpoch == '' and knownEpoch == knownFirst
  if knownToken == token and (isClaim or knownEpoch == wantedEpoch) then
    if status ~= 'running' then return {'over'} end
    if not attempts then return {'open', tonumber(knownEnd), knownCancel, knownEpoch} end
    local knownDeadline = redis.call('HGET', record, 'deadlineAt')
    return {'open', tonumber(knownEnd), knownCancel, knownEpoch, knownDeadline}
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
  'end', last, 'status', waits and 'pending' or 'running'}
local function add(field, value)
  fields[#fields + 1] = field
  fields[#fields + 1] = value
end
if cancel then add('cancel', cancel) end
if attempts then
  if deadlineAt == '' and deadlineMs ~= '' and not waits then deadlineAt = now + deadlineMs end
  if deadlineAt ~= '' then add('deadlineAt', deadlineAt) end
  if waits then add('notBefore', now + delayMs) end
  add('startAt', epoch .. '-' .. startN)
  redis.call('HSET', attempts, 'input', input, 'context', context, 'start', start)
  redis.call('PEXPIRE', attempts, ttlMs)
end
for i = firstField, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', record, unpack(fields))
if not waits then redis.call('SET', lease, '1', 'PX', leaseMs) end
redis.call('PEXPIRE', record, ttlMs)
if not attempts then return {'open', tonumber(last), cancel, epoch} end
return {'open', tonumber(last), cancel, epoch, redis.call('HGET', record, 'deadlineAt')}
