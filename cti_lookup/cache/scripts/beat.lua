-- Tell all replicas that notices arrive, if nobody has said so just now.
-- KEYS: heartbeat, notice number, notices
-- ARGV: milliseconds, most notices
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then
  local number = redis.call('INCR', KEYS[2])
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'number', number)
end
return 1
