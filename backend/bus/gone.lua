-- A tab is gone.  KEYS: tabs, employees.  ARGV: session, employee, ms the employee lingers when it
-- was the last one.
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
for _, tab in ipairs(redis.call('HVALS', KEYS[1])) do
  if tonumber(string.match(tab, '^(%d+)\n')) > now then return 1 end
end
redis.call('DEL', KEYS[1])
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[3]), ARGV[2])
return 1
