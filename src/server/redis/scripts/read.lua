-- Looks at a task, and reads entries of its log.
--
-- KEYS  record, frames, lease
-- ARGV  from          the id of the first entry that is wanted; empty: no entries are read
--       maxLength     about how many bytes of entries at most
--       knownFormat   records of a later format are left alone
--
-- Answers: the record, the rest of the lease in milliseconds, Redis' time, whether there are more
-- entries (1), and entries; an empty list when there is no such task

local record, frames, lease = unpack(KEYS)
local from, maxLength, knownFormat = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local firstCount, maxCount, overhead = 4, 512, 64

local fields = redis.call('HGETALL', record)
if #fields == 0 then return {} end
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if name == 'format' and tonumber(value) > knownFormat then
    return {err = 'NEWER format ' .. value}
  end
  -- The continued message may be long, and is needed only to recover the outcome.
  if name == 'continued' then fields[i + 1] = '' end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local entries = {}
local hasMore = 0
if from ~= '' then
  local size, count = 0, firstCount
  while true do
    local page = redis.call('XRANGE', frames, from, '+', 'COUNT', count)
    for i = 1, #page do
      entries[#entries + 1] = page[i]
      size = size + #page[i][2][4] + overhead
      if size >= maxLength then
        hasMore = 1
        break
      end
    end
    if hasMore == 1 or #page < count then break end
    from = '(' .. page[#page][1]
    -- The next page has about as many entries as fit, by the size of those before.
    count = math.min(maxCount, math.floor((maxLength - size) / (size / #entries)) + 1)
  end
end
return {fields, redis.call('PTTL', lease), now, hasMore, entries}
