-- A tab is gone; live tabs that are left, as JSON.
-- KEYS: tabs, employees.  ARGV: session, employee, ms the employee lingers when it was the last.
local gone = redis.call('HDEL', KEYS[1], ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local live = {}
for _, tab in ipairs(redis.call('HVALS', KEYS[1])) do
  local till, json = string.match(tab, '^(%d+)\n(.*)$')
  if tonumber(till) > now then live[#live + 1] = json end
end
if gone == 1 and #live == 0 then
  redis.call('DEL', KEYS[1])
  redis.call('ZADD', KEYS[2], now + tonumber(ARGV[3]), ARGV[2])
end
return live
