--[[
  Makes a route remember again what its last event left it with, unless a later
  one has changed that since.

  KEYS[1] turns   ARGV[1] what it is, as in next:acme|route_1  [2] value  [3] id of the event that left it there

  Says reminded | newer
]]
local thing, value, id = ARGV[1], ARGV[2], ARGV[3]
local function read(id)
  local ms, number = string.match(id or '0-0', '(%d+)-(%d+)')
  return tonumber(ms), tonumber(number)
end
local ms, number = read(id)
local ms_there, number_there = read(redis.call('HGET', KEYS[1], 'at:' .. thing) or nil)
if ms_there > ms or ms_there == ms and number_there > number then return 'newer' end
if value == '' then
  redis.call('HDEL', KEYS[1], thing)
else
  redis.call('HSET', KEYS[1], thing, value)
end
redis.call('HSET', KEYS[1], 'at:' .. thing, id)
return 'reminded'
