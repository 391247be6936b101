-- Take the lock of a question if nobody has it, see to a generation, and tell what is remembered.
-- KEYS: lock, generation, epoch, answer
-- ARGV: token, its milliseconds, a new generation, its least milliseconds
local taken = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[4]) then
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
end
return {
  taken and 1 or 0,
  redis.call('GET', KEYS[2]),
  redis.call('GET', KEYS[3]) or '0',
  redis.call('GET', KEYS[4]),
}
