-- Numbers, stores, appends and fans out pushes in one step.
-- KEYS: state, entities, tombs, log of each publication.
-- ARGV: an epoch for streams that have none, log length, log ms, tombstone s; then for each
--       publication: channel, entity, version, "1" when it removes, tag, body (JSON object).
-- Returns how many were newer than what was known.
local now = tonumber(redis.call('TIME')[1])
local told = 0
for i = 0, #KEYS / 4 - 1 do
  local state, entities, tombs, log =
    KEYS[i * 4 + 1], KEYS[i * 4 + 2], KEYS[i * 4 + 3], KEYS[i * 4 + 4]
  local channel, entity, version, removes, tag, body =
    ARGV[i * 6 + 5], ARGV[i * 6 + 6], ARGV[i * 6 + 7], ARGV[i * 6 + 8], ARGV[i * 6 + 9],
    ARGV[i * 6 + 10]
  local epoch = redis.call('HGET', state, 'epoch')
  if not epoch then
    -- A flush, or the first push: nothing that is left of another history may be mixed in.
    epoch = ARGV[1]
    redis.call('DEL', entities, tombs, log)
    redis.call('HSET', state, 'epoch', epoch, 'seq', 0)
  end
  local known = redis.call('HGET', entities, entity)
  if not known or tonumber(string.match(known, '^%d+\n(%d+)\n')) < tonumber(version) then
    local seq = redis.call('HINCRBY', state, 'seq', 1)
    local number = string.format('%.0f', seq)
    local frame = '{"seq":' .. number .. ',' .. string.sub(body, 2)
    if removes == '1' then
      redis.call('HSET', entities, entity, number .. '\n' .. version .. '\n\n')
      redis.call('ZADD', tombs, now, entity)
    else
      redis.call('HSET', entities, entity, number .. '\n' .. version .. '\n' .. tag .. '\n' .. frame)
      if known then redis.call('ZREM', tombs, entity) end
    end
    local message = epoch .. '\n' .. number .. '\n' .. tag .. '\n' .. frame
    if redis.call('RPUSH', log, message) > tonumber(ARGV[2]) then
      redis.call('LPOP', log)
    end
    redis.call('PEXPIRE', log, ARGV[3])
    redis.call('PUBLISH', channel, message)
    told = told + 1
    if removes == '1' then
      local old = redis.call('ZRANGEBYSCORE', tombs, '-inf', now - tonumber(ARGV[4]), 'LIMIT', 0, 50)
      for _, gone in ipairs(old) do
        redis.call('HDEL', entities, gone)
        redis.call('ZREM', tombs, gone)
      end
    end
  end
end
return told
