-- Take one request's worth of the directory's quota. Gives 1 if granted, the told rest or nil, its ms, the pause's ms.
-- KEYS: burst window, told rest of the hour, own count of the hour, pause
-- ARGV: burst, hourly, keep, member, microseconds of the window, milliseconds of the hour
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local window = tonumber(ARGV[5])
local paused = math.max(0, redis.call('PTTL', KEYS[4]))
local rest = tonumber(redis.call('GET', KEYS[2]) or nil)
local rest_ms = math.max(0, redis.call('PTTL', KEYS[2]))

local function verdict(granted)
  return { granted, rest or false, rest_ms, paused }
end

if paused > 0 then
  return verdict(0)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
-- what lies ahead was written before the clock was set back
redis.call('ZREMRANGEBYSCORE', KEYS[1], string.format('(%.0f', now), '+inf')
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then
  return verdict(0)
end
local left = rest or (tonumber(ARGV[2]) - tonumber(redis.call('GET', KEYS[3]) or '0'))
if left <= tonumber(ARGV[3]) then
  return verdict(0)
end

redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[4])
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000) + 1)
if rest then
  rest = redis.call('DECR', KEYS[2])
end
redis.call('INCR', KEYS[3])
if redis.call('PTTL', KEYS[3]) < 0 then
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
end
return verdict(1)
