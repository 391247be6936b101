-- Tell all replicas that notices arrive, if nobody has said so just now.
-- What is of another kind, or has no end where it should have one, is nonsense, and counts as lost.
-- KEYS: heartbeat, notice number, notices
-- ARGV: milliseconds, most notices
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then
  if redis.call('PTTL', KEYS[1]) >= 0 then
    return 1
  end
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
end

local known = redis.pcall('GET', KEYS[2])
if type(known) ~= 'string' or not known:match('^%d+$') or #known > 16 then
  redis.call('SET', KEYS[2], '0')
end
local number = redis.call('INCR', KEYS[2])
local told = redis.pcall('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'number', number)
if type(told) == 'table' then
  if told.err:find('WRONGTYPE') then
    redis.call('UNLINK', KEYS[3])
  end
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'number', number)
end
return 1
