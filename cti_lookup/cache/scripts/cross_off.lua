-- Cross notes off the outbox, each if it was not made anew since. Gives how many.
-- KEYS: outbox
-- ARGV: for each note: which, its moment
local crossed = 0
for at = 1, #ARGV, 2 do
  local moment = redis.call('ZSCORE', KEYS[1], ARGV[at])
  if moment and string.format('%.0f', tonumber(moment)) == ARGV[at + 1] then
    crossed = crossed + redis.call('ZREM', KEYS[1], ARGV[at])
  end
end
return crossed
