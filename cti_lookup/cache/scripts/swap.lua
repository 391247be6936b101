-- Write calls, each only if the values under its names are the ones that were seen, and note them in the outbox.
-- Gives for each call the moment of its note, or where another was faster all that stand there.
-- KEYS: outbox, then the names of the calls, one call after the other
-- ARGV: length of a stamp, milliseconds that the outbox is kept, then for each call: how many names, milliseconds, its note, and for each
--       name the stamp that was seen or '', the new value
local length = tonumber(ARGV[1])
local time = redis.call('TIME')
local moment = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
local results, key, arg = {}, 1, 2
while arg < #ARGV do
  local names, present, seen = tonumber(ARGV[arg + 1]), {}, true
  for at = 1, names do
    local value = redis.call('GET', KEYS[key + at])
    present[at] = value
    seen = seen and (value and value:sub(1, length) or '') == ARGV[arg + 2 + 2 * at]
  end
  if seen then
    for at = 1, names do
      redis.call('SET', KEYS[key + at], ARGV[arg + 3 + 2 * at], 'PX', ARGV[arg + 2])
    end
    redis.call('ZADD', KEYS[1], moment, ARGV[arg + 3])
  end
  results[#results + 1] = seen and moment or present
  key, arg = key + names, arg + 3 + 2 * names
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return results
