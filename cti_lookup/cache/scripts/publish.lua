-- Write calls of the log, each if it still is what was seen, and tell all replicas of it.
-- Gives for each call 1, or where another was faster what stands there.
-- KEYS: stream, log, calls that go on, then the calls
-- ARGV: milliseconds that a call is kept, milliseconds that the stream is kept, most that it holds, oldest start that is kept,
--       length of a revision, milliseconds that it is known what was taken off, then for each call: the revision that was seen
--       or '', the new value, its start or '' to take it off, its id, 1 if it goes on, a note
local time = redis.call('TIME')
local oldest = string.format('%.0f', tonumber(time[1]) * 1000 - tonumber(ARGV[2]))
local length = tonumber(ARGV[5])

local function write(key, at)
  local value, start, id, goes_on = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  if start == '' then
    redis.call('SET', key, value, 'PX', ARGV[6])
    redis.call('ZREM', KEYS[2], id)
  else
    redis.call('SET', key, value, 'PX', ARGV[1])
    redis.call('ZADD', KEYS[2], start, id)
  end
  redis.call(goes_on == '1' and 'SADD' or 'SREM', KEYS[3], id)
  redis.call('XADD', KEYS[1], 'MINID', '~', oldest, '*', 'note', ARGV[at + 5])
end

local results = {}
for call = 1, #KEYS - 3 do
  local key, at = KEYS[3 + call], 6 * call + 1
  local present = redis.call('GET', key)
  if present and present:sub(1, length) ~= ARGV[at] then
    results[call] = present
  else
    write(key, at)
    results[call] = 1
  end
end
redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4])
return results
