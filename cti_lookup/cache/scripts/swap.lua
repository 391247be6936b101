-- Write values if those that stand there are the ones that were seen. Gives 1, or where another was faster all that stand there.
-- KEYS: names of one call
-- ARGV: milliseconds, length of a stamp, then for each name: the stamp that was seen or '', the new value
local length = tonumber(ARGV[2])
local present, seen = {}, true
for at = 1, #KEYS do
  local value = redis.call('GET', KEYS[at])
  present[at] = value
  seen = seen and (value and value:sub(1, length) or '') == ARGV[1 + 2 * at]
end
if not seen then
  return present
end
for at = 1, #KEYS do
  redis.call('SET', KEYS[at], ARGV[2 + 2 * at], 'PX', ARGV[1])
end
return 1
