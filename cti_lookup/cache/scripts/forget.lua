-- Forget, refuse what was asked before, and tell all replicas. Gives the number of the notice.
-- KEYS: epoch, notice number, notices, then a generation for each mark,
--       and where a person is forgotten: tombstone, index, erased
-- ARGV: notice, most notices, number of marks, prefix of keys, length of a name, tombstone's milliseconds,
--       and where a person is erased: field, sealed id, milliseconds
local marks = tonumber(ARGV[3])
local of_person = #KEYS > 3 + marks

-- Deleting comes first: a full Redis denies a script whose first write needs memory, and none that has begun.
redis.call('UNLINK', KEYS[3] .. ':none')

-- a generation that is missing is none: the next turn makes a new one at random
for mark = 1, marks do
  redis.call('UNLINK', KEYS[3 + mark])
end

-- Say something to a key; what stands there and is of another kind is nonsense, and counts as lost.
local function say(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) ~= 'table' or not answer.err then
    return answer
  end
  if answer.err:find('WRONGTYPE') then
    redis.call('UNLINK', key)
  end
  return redis.call(command, key, ...)
end

local function count(key, begin)
  local known = say('GET', key)
  if not known or not known:match('^%d+$') or #known > 16 then
    redis.call('SET', key, begin)
  end
  return redis.call('INCR', key)
end

-- where Redis has lost the count it goes on above all that it ever was, as no forgetting takes a microsecond
local time = redis.call('TIME')
local epoch = string.format('%.0f', count(KEYS[1], time[1] .. string.format('%06d', tonumber(time[2]))))

-- Each is kept with its end before it: the fields of a hash have no time to live of their own before Redis 7.4. The hash
-- itself has none, as what may expire may be evicted.
local function erase(erased)
  local now = tonumber(time[1])
  local entries = say('HGETALL', erased)
  for at = 1, #entries, 2 do
    if (tonumber(entries[at + 1]:sub(1, 12)) or 0) < now then
      redis.call('HDEL', erased, entries[at])
    end
  end
  local ends_at = now + math.ceil(tonumber(ARGV[9]) / 1000)
  redis.call('HSET', erased, ARGV[7], string.format('%012.0f', ends_at) .. ARGV[8])
  redis.call('PERSIST', erased)
end

local number = count(KEYS[2], '0')
say('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'number', number, 'notice', ARGV[1])

-- Last: an index that is none is refused, as nobody knows what it held, and by then all else is done.
local function forget_listed(index)
  local length = tonumber(ARGV[5])
  for _, entry in ipairs(redis.call('SMEMBERS', index)) do
    redis.call('UNLINK', ARGV[4] .. entry:sub(1, length), ARGV[4] .. entry:sub(length + 1))
  end
  redis.call('UNLINK', index)
end

if of_person then
  redis.call('SET', KEYS[4 + marks], epoch, 'PX', ARGV[6])
  if #ARGV > 6 then
    erase(KEYS[6 + marks])
  end
  forget_listed(KEYS[5 + marks])
end
return number
