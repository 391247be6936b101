-- Share what the directory said of its quota.
-- KEYS: told rest of the hour, pause
-- ARGV: rest or '', milliseconds until the hour ends, milliseconds of a pause
local rest, ends_in = tonumber(ARGV[1]), tonumber(ARGV[2])
if rest and ends_in > 0 then
  local known = tonumber(redis.call('GET', KEYS[1]) or nil)
  -- answers overtake each other: of one hour the smallest rest is the newest
  if known and math.abs(redis.call('PTTL', KEYS[1]) - ends_in) <= 1000 then
    rest = math.min(rest, known)
  end
  redis.call('SET', KEYS[1], string.format('%.0f', rest), 'PX', ARGV[2])
end
if tonumber(ARGV[3]) > 0 and redis.call('PTTL', KEYS[2]) < tonumber(ARGV[3]) then
  redis.call('SET', KEYS[2], '1', 'PX', ARGV[3])
end
return 1
