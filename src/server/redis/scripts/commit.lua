-- Stores entries, renews the lease, and settles the task with the last of them. Without entries it
-- only renews. Whatever it does is published, which proves the producer's life to readers elsewhere.
--
-- An epoch above the one that is open begins with an entry from its frame 0 on, and ends that one.
--
-- Settling a task of which the host is yet to be told (`saves`) marks it so, and leaves the lease to
-- whoever tells: first the producer.
--
-- Handing a task over ends an attempt: the task waits for its next runner, under a token that nobody has.
--
-- KEYS  record, frames, lease
--       attempts         given for a task that may be attempted again
-- ARGV  token, epoch, leaseMs, ttlMs, channel
--       status           empty: the task goes on
--       settledAt
--       yieldsToCancel   1: a cancel that was accepted keeps it from settling
--       maxTextLength    of frames that are published with the news of them, in bytes
--       then for each entry: first, last, text
--       then, if one of these frames is a checkpoint's: checkpoint, its number, and where the next
--       attempt begins
--       then, if the task is handed over: handOver, how long nobody may take it in milliseconds, and
--       how many attempts in a row may be handed over at no cost
--
-- stored last cancel       an entry that was stored already is left out
-- behind last cancel       an entry does not join what the log ends with; -1: it has nothing of the epoch
-- refused last cancel why  Redis refused to store an entry
-- cancelled last cancel    it would settle, but a cancel was accepted, and nothing is stored of it
-- waiting last cancel      the task was handed over
-- exhausted last cancel    the entries are stored, but no attempts are left to hand the task over for
-- gone · fenced            there is no such log, or it is not the caller's any more

local record, frames, lease, attempts = unpack(KEYS)
local token, epoch, leaseMs, ttlMs, channel = unpack(ARGV, 1, 5)
local status, settledAt, yieldsToCancel, maxTextLength = unpack(ARGV, 6, 9)
local firstEntry, fieldCount = 10, 3
local count = #ARGV
local checkpointN, start, delayMs, maxFree
if attempts and ARGV[count - 2] == 'handOver' then
  delayMs, maxFree = tonumber(ARGV[count - 1]), tonumber(ARGV[count])
  count = count - 3
end
if attempts and ARGV[count - 2] == 'checkpoint' then
  checkpointN, start = tonumber(ARGV[count - 1]), ARGV[count]
  count = count - 3
end

local known = redis.call('HMGET', record,
  'token', 'epoch', 'status', 'end', 'cancel', 'suspect', 'saves')
local knownToken, knownEpoch, knownStatus, knownEnd, cancel, suspect, saves = unpack(known, 1, 7)
if not knownToken then return {'gone'} end
if knownToken ~= token or tonumber(knownEpoch) > tonumber(epoch) then
  local handedOverBy = attempts and redis.call('HGET', record, 'handedOverBy')
  if handedOverBy ~= token then return {'fenced'} end
  -- The answer was lost with which the caller had handed the task over, or came too late. If nobody has
  -- taken the task since, the attempt goes on, and may end in the same way again.
  local isUntaken = knownStatus == 'pending' and knownToken == redis.sha1hex(token)
  if not isUntaken then return delayMs and {'waiting', -1, cancel} or {'fenced'} end
  local counts = redis.call('HMGET', record, 'triesBefore', 'freeHandOversBefore')
  redis.call('HSET', record, 'token', token, 'status', 'running', 'tries', counts[1],
    'freeHandOvers', counts[2])
  redis.call('HDEL', record, 'notBefore', 'handedOverBy')
  knownStatus = 'running'
end
local isBegun = knownEpoch == epoch
local before = isBegun and tonumber(knownEnd) or -1
if knownStatus ~= 'running' then
  local isStored = count < firstEntry or tonumber(ARGV[count - 1]) <= before
  -- A task that is over is nobody's to hand over.
  if isStored and not delayMs then return {'stored', before, cancel} end
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
if checkpointN and checkpointN <= last then
  local attempt, startAt = unpack(redis.call('HMGET', record, 'attempt', 'startAt'), 1, 2)
  local startEpoch, startN = string.match(startAt, '^(%d+)-(.+)$')
  -- A call that comes late must not bring an older checkpoint back.
  if tonumber(epoch) > tonumber(startEpoch) or checkpointN > tonumber(startN) then
    redis.call('HSET', record, 'startAt', epoch .. '-' .. checkpointN, 'checkpointOf', attempt,
      'tries', 1, 'freeHandOvers', 0)
    redis.call('HSET', attempts, 'start', start)
  end
end
local handsOver, isExhausted, waitMs
if delayMs and not problem then
  local counts = redis.call('HMGET', record, 'work', 'attempt', 'tries', 'freeHandOvers', 'checkpointOf')
  local work, attempt, tries = cjson.decode(counts[1]), tonumber(counts[2]), tonumber(counts[3])
  local freeHandOvers, hasCheckpoint = tonumber(counts[4]), tonumber(counts[5] or 0) == attempt
  if hasCheckpoint then
    tries = tries - 1
  elseif freeHandOvers < maxFree then
    tries = tries - 1
    freeHandOvers = freeHandOvers + 1
  end
  handsOver = tries < work.attempts and attempt < work.maxTotal
  isExhausted = not handsOver
  if handsOver then
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('HSET', record, 'end', last, 'status', 'pending', 'token', redis.sha1hex(token),
      'handedOverBy', token, 'tries', tries, 'freeHandOvers', freeHandOvers, 'triesBefore', counts[3],
      'freeHandOversBefore', counts[4], 'notBefore', now + delayMs)
    waitMs = delayMs + work.maxWaitMs
  end
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
  if attempts then
    redis.call('DEL', attempts)
    redis.call('HDEL', record, 'work', 'tries', 'freeHandOvers', 'checkpointOf', 'startAt',
      'handedOverBy', 'triesBefore', 'freeHandOversBefore', 'deadlineAt', 'notBefore')
  end
elseif handsOver then
  redis.call('DEL', lease)
else
  if last > before then redis.call('HSET', record, 'end', last) end
  -- Works in a Redis without memory, too: the producer lives, whatever cannot be stored.
  if redis.call('PEXPIRE', lease, leaseMs) == 0 then
    redis.call('SET', lease, '1', 'PX', leaseMs)
  end
end
if suspect then redis.call('HDEL', record, 'suspect') end
local keptMs = tonumber(ttlMs) + (waitMs or 0)
for _, key in ipairs({record, frames, attempts}) do
  if settles or handsOver or redis.call('PTTL', key) < keptMs / 2 then
    redis.call('PEXPIRE', key, keptMs)
  end
end
if problem then return problem end

local news = handsOver and 'pending' or status
local message = epoch .. ' ' .. (before + 1) .. ' ' .. last .. ' ' .. news
local isOne = count == firstEntry + fieldCount - 1
if isOne and last > before then
  local entryFirst, text = ARGV[firstEntry], ARGV[firstEntry + 2]
  if #text <= tonumber(maxTextLength) then
    message = epoch .. ' ' .. entryFirst .. ' ' .. last .. ' ' .. news .. '\n' .. text
  end
end
redis.pcall('PUBLISH', channel, message)
return {handsOver and 'waiting' or isExhausted and 'exhausted' or 'stored', last, cancel}
