-- Live tabs of an employee as JSON.  KEYS: tabs.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local live = {}
for _, tab in ipairs(redis.call('HVALS', KEYS[1])) do
  local till, json = string.match(tab, '^(%d+)\n(.*)$')
  if tonumber(till) > now then live[#live + 1] = json end
end
return live
