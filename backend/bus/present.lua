-- Marks a tab present.  KEYS: tabs, employees.  ARGV: session, tab as JSON, employee, ms to live.
local time = redis.call('TIME')
local till = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[4])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', till) .. '\n' .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], till, ARGV[3])
-- Longer than any tab of the account lives, so that an abandoned account leaves nothing behind.
redis.call('PEXPIRE', KEYS[2], tonumber(ARGV[4]) * 10)
return 1
