-- Marks a tab present; live tabs of the employee as JSON.
-- KEYS: tabs, employees.  ARGV: session, tab as JSON, employee, ms to live.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local till_this = now + tonumber(ARGV[4])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', till_this) .. '\n' .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], till_this, ARGV[3])
-- Longer than any tab of the account lives, so that an abandoned account leaves nothing behind.
redis.call('PEXPIRE', KEYS[2], tonumber(ARGV[4]) * 10)
local live = {}
for _, tab in ipairs(redis.call('HVALS', KEYS[1])) do
  local till, json = string.match(tab, '^(%d+)\n(.*)$')
  if tonumber(till) > now then live[#live + 1] = json end
end
return live
