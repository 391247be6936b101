-- Note that tokens were taken back, and tell all replicas.
-- KEYS: note, stream
-- ARGV: what was taken back, its milliseconds, the same for the stream
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('XADD', KEYS[2], '*', 'note', ARGV[3])
return 1
