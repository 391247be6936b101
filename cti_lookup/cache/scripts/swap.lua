-- Write calls, each only if the values under its names are the ones that were seen.
-- Gives for each call 1, or where another was faster all that stand there.
-- KEYS: the names of the calls, one call after the other
-- ARGV: length of a stamp, then for each call: how many names, milliseconds, and for each name the stamp that was seen or '', the new value
local length = tonumber(ARGV[1])
local results, key, arg = {}, 0, 1
while arg < #ARGV do
  local names, present, seen = tonumber(ARGV[arg + 1]), {}, true
  for at = 1, names do
    local value = redis.call('GET', KEYS[key + at])
    present[at] = value
    seen = seen and (value and value:sub(1, length) or '') == ARGV[arg + 1 + 2 * at]
  end
  if seen then
    for at = 1, names do
      redis.call('SET', KEYS[key + at], ARGV[arg + 2 + 2 * at], 'PX', ARGV[arg + 2])
    end
  end
  results[#results + 1] = seen and 1 or present
  key, arg = key + names, arg + 2 + 2 * names
end
return results
