-- Looks at a task, and reads entries of its log.
--
-- KEYS  record, frames, lease
-- ARGV  from        the id of the first entry that is wanted; empty: none is
--       maxLength   about how many bytes at most
--       knownFormat   a record of a later one is left alone
--
-- the record, what is left of the lease in milliseconds, Redis' time, whether there is more (1), and
-- entries; nothing when there is no such task

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
  -- It may be long, and is wanted by one who recovers the outcome only.
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
    -- About as many as are missing, by the size of those before.
    count = math.min(maxCount, math.floor((maxLength - size) / (size / #entries)) + 1)
  end
end
return {fields, redis.call('PTTL', lease), now, hasMore, entries}
