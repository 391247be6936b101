-- Remember who it was, and by whom that is found again. An index lives at least as long as what it leads to.
-- KEYS: choice, index of the person
-- ARGV: choice, its milliseconds, index entry
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SADD', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
