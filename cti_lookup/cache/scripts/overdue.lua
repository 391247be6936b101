-- Take notes of the outbox that were not crossed off in time: they are made anew, so that nobody else takes them at once.
-- Gives their new moment, then which they are.
-- KEYS: outbox
-- ARGV: microseconds after which a note is overdue, most that are taken
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local moment = string.format('%.0f', now)
local before = string.format('%.0f', now - tonumber(ARGV[1]))
local taken = {moment}
for at, note in ipairs(redis.call('ZREVRANGEBYSCORE', KEYS[1], before, '-inf', 'LIMIT', 0, ARGV[2])) do
  taken[at + 1] = note
  redis.call('ZADD', KEYS[1], moment, note)
end
return taken
