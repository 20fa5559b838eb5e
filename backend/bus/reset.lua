-- Begins another history of a stream.
-- KEYS: state, entities, tombs, log.  ARGV: the new epoch, channel, then prefixes of entities to
-- forget.
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
redis.call('DEL', KEYS[4])
for _, entity in ipairs(redis.call('HKEYS', KEYS[2])) do
  for i = 3, #ARGV do
    if string.sub(entity, 1, #ARGV[i]) == ARGV[i] then
      redis.call('HDEL', KEYS[2], entity)
      redis.call('ZREM', KEYS[3], entity)
      break
    end
  end
end
-- No tag: readers see another epoch and read the snapshot.
redis.call('PUBLISH', ARGV[2], ARGV[1] .. '\n' .. string.format('%.0f', seq) .. '\n\n')
return seq
