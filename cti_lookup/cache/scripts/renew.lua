-- Let locks last on, each if it is still its turn's own. Makes no lock that has ended.
-- KEYS: locks
-- ARGV: milliseconds, then for each lock: its token
for at, lock in ipairs(KEYS) do
  -- nonsense under one key is not to cost the others theirs
  if redis.pcall('GET', lock) == ARGV[1 + at] then
    redis.call('PEXPIRE', lock, ARGV[1])
  end
end
return #KEYS
