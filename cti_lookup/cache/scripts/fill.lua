-- End a turn and store its answer, unless what it tells was forgotten since the turn began. Gives 1 if stored.
-- KEYS: lock, generation, answer, erased, then for each person: tombstone, index
-- ARGV: token, generation, epoch, answer, its milliseconds, index entry, then for each person: field in `erased`
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
-- under another generation it would not be believed, and a newer answer may stand there
if redis.call('GET', KEYS[2]) ~= ARGV[2] then
  return 0
end
local people = (#KEYS - 4) / 2
for person = 1, people do
  local forgotten_at = redis.call('GET', KEYS[3 + 2 * person])
  if forgotten_at and tonumber(forgotten_at) > tonumber(ARGV[3]) then
    return 0
  end
  if redis.call('HEXISTS', KEYS[4], ARGV[6 + person]) == 1 then
    return 0
  end
end

-- what an answer is found and forgotten by lives at least as long as the answer
local function keep(key)
  if redis.call('PTTL', key) < tonumber(ARGV[5]) then
    redis.call('PEXPIRE', key, ARGV[5])
  end
end

-- first, as what cannot be found again must not be stored: where an index is none, this is refused
for person = 1, people do
  local index = KEYS[4 + 2 * person]
  redis.call('SADD', index, ARGV[6])
  keep(index)
end
redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[5])
keep(KEYS[2])
return 1
