-- Take the lock of a question if nobody has it, see to a generation, and tell what is remembered.
-- What is of another kind, or of another length, is nonsense, and counts as lost.
-- KEYS: lock, generation, epoch, answer
-- ARGV: token, its milliseconds, a new generation, its least milliseconds
local taken = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
if not taken and redis.call('PTTL', KEYS[1]) < 0 then
  -- a lock that never ends is nobody's, and all would wait for it for ever
  taken = redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end

local function text(key)
  local value = redis.pcall('GET', key)
  if type(value) == 'table' and not value.err:find('WRONGTYPE') then
    redis.call('GET', key)  -- not permitted, which is to be known
  end
  return type(value) == 'string' and value
end

redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4])
local generation = text(KEYS[2])
if not generation or #generation ~= #ARGV[3] then
  generation = ARGV[3]
  redis.call('SET', KEYS[2], generation, 'PX', ARGV[4])
elseif redis.call('PTTL', KEYS[2]) < tonumber(ARGV[4]) then
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
end
-- of an epoch that cannot be read none is older: whoever is forgotten is refused
local epoch = text(KEYS[3])
if not epoch or not epoch:match('^%d+$') or #epoch > 16 then
  epoch = '0'
end
return { taken and 1 or 0, generation, epoch, text(KEYS[4]) }
