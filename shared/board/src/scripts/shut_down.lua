--[[
  Shuts a partition until its whole log was read again.

  KEYS[1] clock   ARGV[1] who is about to do that

  Says done
]]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HDEL', KEYS[1], 'open', 'logged')
redis.call('HSET', KEYS[1], 'by', ARGV[1], 'beat', string.format('%d', now))
return 'done'
