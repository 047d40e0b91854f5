import type { RedisScript } from '../client/redis-link';

/*
 * The Lua scripts. Each touches the keys of one task (or one chat) only, which share a slot in a
 * cluster; channels are passed as arguments, because a client's key prefix does not reach them.
 *
 * Keys of a task: `m` its record (hash), `f` its frames (stream), `l` the producer's lease
 * (string with a TTL), `c` cancels that came before the task (hash by who asked, with a TTL).
 *
 * An entry of the stream has the id `(epoch)-(last + 1)`, where `last` numbers its last frame,
 * and the fields `a`, the number of its first frame, and `d`, the frames, one per line. In an entry
 * that stands for a gap, `g` is set, and `d` holds the frames that take the gap's place: the last
 * of them has the number `last`.
 */

/**
 * KEYS m f l c · ARGV token, epoch (empty: one is drawn), the log's first epoch (empty: the same),
 * an epoch that it must lie above, ended epochs (JSON-free: `k=end` joined by commas), owner, name,
 * chat, home channel, createdAt, leaseMs, ttlMs, last frame's number, frames, the two fields of `c`
 * in which a cancel for it may be, and then more fields of the record, each followed by its value.
 * Claims a task in an epoch that no earlier log of its id had; or, with an epoch, begins a log anew
 * that storage has lost. An epoch that is drawn is the time, in milliseconds since 2025, unless
 * something is known to be higher: the clock may have been set back.
 */
export const openScript: RedisScript = {
  name: 'open',
  source: `
local meta = redis.call('HMGET', KEYS[1], 'token', 'epoch', 'first', 'end', 'cancel')
if meta[1] then
  local isClaim = ARGV[2] == '' and meta[2] == meta[3]
  if meta[1] == ARGV[1] and (isClaim or meta[2] == ARGV[2]) then
    return {'OPEN', tonumber(meta[4]), meta[5], meta[2]}
  end
  return {'EXISTS'}
end
local epoch, first = ARGV[2], ARGV[3]
local function epochOf(entries)
  return entries[1] and tonumber(string.match(entries[1][1], '^%d+'))
end
-- Frames whose record is gone.
local newest = epochOf(redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1))
local isStale = redis.call('EXISTS', KEYS[2]) == 1
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if epoch == '' then
  local drawn = math.max(now - 1735689600000, tonumber(ARGV[4]) + 1, (newest or 0) + 1)
  epoch = string.format('%.0f', drawn)
  first = epoch
elseif newest then
  -- Another log has begun since, or somebody has closed this one.
  if newest >= tonumber(epoch) then return {'EXISTS'} end
  isStale = epochOf(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)) < tonumber(first)
end
local cancel = redis.call('HGET', KEYS[4], ARGV[15]) or redis.call('HGET', KEYS[4], ARGV[16])
-- Redis looks at its memory before the first write only, so that has to be the one which needs it.
if isStale then redis.call('DEL', KEYS[2]) end
redis.call('XADD', KEYS[2], epoch .. '-' .. (tonumber(ARGV[13]) + 1), 'a', '0', 'd', ARGV[14])
redis.call('PEXPIRE', KEYS[2], ARGV[12])
redis.call('DEL', KEYS[4])
local record = {'openedAt', now, 'token', ARGV[1],
  'log', ARGV[1], 'epoch', epoch, 'first', first, 'end', ARGV[13], 'status', 'running',
  'owner', ARGV[6], 'name', ARGV[7], 'chat', ARGV[8], 'home', ARGV[9], 'createdAt', ARGV[10],
  'leaseMs', ARGV[11]}
if cancel then
  record[#record + 1] = 'cancel'
  record[#record + 1] = cancel
end
for ended, last in string.gmatch(ARGV[5], '(%d+)=(-?%d+)') do
  record[#record + 1] = 'endOf' .. ended
  record[#record + 1] = last
end
for i = 17, #ARGV do record[#record + 1] = ARGV[i] end
redis.call('HSET', KEYS[1], unpack(record))
redis.call('SET', KEYS[3], '1', 'PX', ARGV[11])
redis.call('PEXPIRE', KEYS[1], ARGV[12])
return {'OPEN', tonumber(ARGV[13]), cancel, epoch}
`,
};

/**
 * KEYS m f l c · ARGV token, how long a cancel is kept for a task that is not open, in which field
 * of `c`. Takes back a claim of which nothing has come.
 */
export const withdrawScript: RedisScript = {
  name: 'withdraw',
  source: `
local meta = redis.call('HMGET', KEYS[1], 'token', 'cancel')
if meta[1] ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
if meta[2] then
  redis.call('HSETNX', KEYS[4], ARGV[3], meta[2])
  redis.call('PEXPIRE', KEYS[4], ARGV[2])
end
return 1
`,
};

/**
 * KEYS m f l · ARGV token, epoch, leaseMs, ttlMs, channel, status (empty: goes on), settledAt,
 * whether a cancel may keep it from settling (empty: it may not), then per entry: first, last, why
 * it is a gap (empty: it is none), frames. Without entries it renews the lease. Whatever it does is
 * published, which proves the producer's life to readers elsewhere.
 *
 * Settling a task of which the host is yet to be told (`saves`) marks it so, and leaves the lease to
 * whoever tells: first the producer. See `outcome-scripts.ts`.
 *
 * `CANCELLED`: it would settle, but a cancel was accepted before, and nothing is stored of it.
 *
 * An entry that is stored already is skipped; one that does not join is refused with `BEHIND` and
 * where the log ends. `STORE`: Redis refused to store it, and says why.
 */
export const commitScript: RedisScript = {
  name: 'commit',
  source: `
local meta = redis.call('HMGET', KEYS[1], 'token', 'epoch', 'status', 'end', 'cancel', 'suspect', 'saves')
if not meta[1] then return {'GONE'} end
if meta[1] ~= ARGV[1] or meta[2] ~= ARGV[2] then return {'FENCED'} end
local known = tonumber(meta[4])
local last = known
local cancel = meta[5]
local count = #ARGV
if meta[3] ~= 'running' then
  if count < 9 or tonumber(ARGV[count - 2]) <= known then return {'OK', known, cancel} end
  return {'FENCED'}
end
if cancel and ARGV[8] ~= '' then return {'CANCELLED', known, cancel} end

local problem
for i = 9, count, 4 do
  local entryFirst, entryLast = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  if entryLast > last then
    if entryFirst ~= last + 1 then
      problem = {'BEHIND', last, cancel}
      break
    end
    local entry = {ARGV[2] .. '-' .. (entryLast + 1), 'a', ARGV[i], 'd', ARGV[i + 3]}
    if ARGV[i + 2] ~= '' then
      entry[6] = 'g'
      entry[7] = ARGV[i + 2]
    end
    local added = redis.pcall('XADD', KEYS[2], unpack(entry))
    if type(added) == 'table' and added.err then
      problem = {'STORE', last, cancel, added.err}
      break
    end
    last = entryLast
  end
end

local settles = ARGV[6] ~= '' and not problem
if settles then
  redis.call('HSET', KEYS[1], 'end', last, 'status', ARGV[6], 'settledAt', ARGV[7])
  if meta[7] then
    redis.call('HSET', KEYS[1], 'unsaved', '1')
    redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[3])
  else
    redis.call('DEL', KEYS[3])
  end
else
  if last > known then redis.call('HSET', KEYS[1], 'end', last) end
  -- Works in a Redis without memory, too: the producer lives, whatever cannot be stored.
  if redis.call('PEXPIRE', KEYS[3], ARGV[3]) == 0 then
    redis.call('SET', KEYS[3], '1', 'PX', ARGV[3])
  end
end
if meta[6] then redis.call('HDEL', KEYS[1], 'suspect') end
for i = 1, 2 do
  if settles or redis.call('PTTL', KEYS[i]) < tonumber(ARGV[4]) / 2 then
    redis.call('PEXPIRE', KEYS[i], ARGV[4])
  end
end
if problem then return problem end

local message = ARGV[2] .. ' ' .. (known + 1) .. ' ' .. last .. ' ' .. ARGV[6]
if count == 12 and ARGV[11] == '' and last > known and #ARGV[12] <= 16384 then
  message = ARGV[2] .. ' ' .. ARGV[9] .. ' ' .. last .. ' ' .. ARGV[6] .. '\\n' .. ARGV[12]
end
redis.pcall('PUBLISH', ARGV[5], message)
return {'OK', last, cancel}
`,
};

/**
 * KEYS m f l · ARGV id of the first entry wanted (empty: none), about how many bytes at most.
 * The record, what is left of the lease, Redis' own time, and entries.
 */
export const readScript: RedisScript = {
  name: 'read',
  source: `
local meta = redis.call('HGETALL', KEYS[1])
if #meta == 0 then return {} end
for i = 1, #meta, 2 do
  -- It may be long, and is wanted by one who recovers the outcome only.
  if meta[i] == 'continued' then meta[i + 1] = '' end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local entries = {}
local hasMore = 0
if ARGV[1] ~= '' then
  local from, size, limit, count = ARGV[1], 0, tonumber(ARGV[2]), 4
  while true do
    local page = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', count)
    for i = 1, #page do
      entries[#entries + 1] = page[i]
      size = size + #page[i][2][4] + 64
      if size >= limit then
        hasMore = 1
        break
      end
    end
    if hasMore == 1 or #page < count then break end
    from = '(' .. page[#page][1]
    -- About as many as are missing, by the size of those before.
    count = math.min(512, math.floor((limit - size) / (size / #entries)) + 1)
  end
end
return {meta, redis.call('PTTL', KEYS[3]), now, hasMore, entries}
`,
};

/**
 * KEYS m f l · ARGV epoch, end, waitMs, Redis' time when that was read, cancel as it was read,
 * channel, then, to close and not only to mark: token, status, retentionMs, last frame's number,
 * frames. Marks a task whose lease has lapsed as suspect, or closes it.
 */
export const closeScript: RedisScript = {
  name: 'close',
  source: `
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'end', 'status', 'suspect', 'cancel')
if meta[3] ~= 'running' or meta[1] ~= ARGV[1] or meta[2] ~= ARGV[2] then return {'CHANGED'} end
if redis.call('EXISTS', KEYS[3]) == 1 then return {'CHANGED'} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local waitMs = tonumber(ARGV[3])
local waited = meta[4] and now - tonumber(meta[4])
-- A mark from the future was made by another clock.
if not waited or waited < 0 then
  redis.call('HSET', KEYS[1], 'suspect', now)
  return {'WAIT', waitMs}
end
if waited < waitMs then return {'WAIT', waitMs - waited} end
if #ARGV == 6 then return {'READY'} end
-- Redis itself was away since the caller looked: the producer gets its chance to come back.
if now - tonumber(ARGV[4]) > waitMs then return {'CHANGED'} end
if (meta[5] or '') ~= ARGV[5] then return {'CHANGED'} end
local epoch = string.format('%.0f', tonumber(ARGV[1]) + 1)
redis.call('XADD', KEYS[2], epoch .. '-' .. (tonumber(ARGV[10]) + 1), 'a', '0', 'd', ARGV[11])
redis.call('HSET', KEYS[1], 'token', ARGV[7], 'epoch', epoch, 'endOf' .. ARGV[1], ARGV[2],
  'end', ARGV[10], 'status', ARGV[8], 'settledAt', now, 'unsaved', '1')
redis.call('HDEL', KEYS[1], 'suspect')
redis.call('PEXPIRE', KEYS[1], ARGV[9])
redis.call('PEXPIRE', KEYS[2], ARGV[9])
redis.pcall('PUBLISH', ARGV[6], epoch .. ' 0 ' .. ARGV[10] .. ' ' .. ARGV[8])
return {'CLOSED'}
`,
};

/**
 * KEYS m c · ARGV owner, reason, how long to keep it for a task that is not open, taskId,
 * definition (empty: any), the field of `c` to keep it in.
 * 1: the task is asked to stop; 2: the request is kept for one that is not open; 0: the task is over,
 * or the asker's not to know.
 */
export const cancelScript: RedisScript = {
  name: 'cancel',
  source: `
local meta = redis.call('HMGET', KEYS[1], 'status', 'owner', 'home', 'definition')
if not meta[1] then
  redis.call('HSETNX', KEYS[2], ARGV[6], ARGV[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
  return 2
end
if meta[1] ~= 'running' or meta[2] ~= ARGV[1] then return 0 end
if ARGV[5] ~= '' and meta[4] ~= ARGV[5] then return 0 end
redis.call('HSETNX', KEYS[1], 'cancel', ARGV[2])
redis.pcall('PUBLISH', meta[3], ARGV[4])
return 1
`,
};

/**
 * KEYS chat · ARGV taskId (empty: only look), ttlMs, place (empty: behind all others, whatever the
 * clock says; else microseconds since 1970). Adds a task to its chat. Whether it was added, and then
 * the chat's newest tasks in the order of their coming, each followed by how many milliseconds ago
 * that was. Those at 0 were superseded, and come first with -1.
 */
export const chatScript: RedisScript = {
  name: 'chat',
  source: `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local added = 0
if ARGV[1] ~= '' then
  local newest = tonumber(redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]) or 0
  local place = tonumber(ARGV[3]) or math.max(now, newest + 1)
  added = redis.call('ZADD', KEYS[1], 'NX', place, ARGV[1])
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -101)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local reply = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 2, #reply, 2 do
  local score = tonumber(reply[i])
  reply[i] = score == 0 and -1 or math.max(0, math.floor((now - score) / 1000))
end
return {added, reply}
`,
};
