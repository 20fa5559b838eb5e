-- Remembers a value; its version when it is another one, else nothing.
-- KEYS: hash.  ARGV: value, ms to live, "1" to count it as a change anyhow.
local last = redis.call('HGET', KEYS[1], 'value')
if last == ARGV[1] and ARGV[3] ~= '1' then return false end
local version
if last then
  version = redis.call('HINCRBY', KEYS[1], 'version', 1)
else
  local time = redis.call('TIME')
  version = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
  redis.call('HSET', KEYS[1], 'version', version)
end
redis.call('HSET', KEYS[1], 'value', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return tonumber(version)
