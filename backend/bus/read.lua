-- Where streams are, with what a reader missed or the snapshot.
-- KEYS: state, entities, log of each stream; then, perhaps, a value to be taken first: when there
-- is none, nothing is read.
-- ARGV: an epoch for streams that have none; then for each stream: epoch and seq of the reader
--       (empty and 0 for none).
-- Returns for each stream: {epoch, seq, 1 when recovered, entries}; entries are the log's messages
-- or the entities' values. Last the value, if there was one to take.
local answers = {}
local value
if #KEYS % 3 == 1 then
  value = redis.call('GETDEL', KEYS[#KEYS])
  if not value then return false end
end
for i = 0, math.floor(#KEYS / 3) - 1 do
  local state, entities, log = KEYS[i * 3 + 1], KEYS[i * 3 + 2], KEYS[i * 3 + 3]
  local at = redis.call('HMGET', state, 'epoch', 'seq')
  local epoch, seq = at[1], tonumber(at[2])
  if not epoch then
    epoch, seq = ARGV[1], 0
    redis.call('DEL', entities, log)
    redis.call('HSET', state, 'epoch', epoch, 'seq', 0)
  end
  local answer
  if ARGV[i * 2 + 2] == epoch then
    local missed = seq - tonumber(ARGV[i * 2 + 3])
    if missed == 0 then
      answer = {epoch, seq, 1, {}}
    elseif missed > 0 and missed <= redis.call('LLEN', log) then
      answer = {epoch, seq, 1, redis.call('LRANGE', log, -missed, -1)}
    end
  end
  answers[i + 1] = answer or {epoch, seq, 0, redis.call('HVALS', entities)}
end
if value then answers[#answers + 1] = value end
return answers
