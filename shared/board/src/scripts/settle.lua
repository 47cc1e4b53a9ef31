--[[
  The log has a lead's events: remembers where, and clears them from the outbox.
  What the board does not have waiting it does not know, or no longer: then the
  sequence stays behind, and the next event meets what the log has instead.

  KEYS[1] lead  [2] outbox   ARGV[1] the last event's sequence in the log  [2…] outbox ids
]]
local LEAD, OUTBOX = KEYS[1], KEYS[2]
local last, gone = ARGV[#ARGV], {}
for i = 2, #ARGV do gone[ARGV[i]] = true end
local held = redis.call('HMGET', LEAD, 'unsent', 'seq')
local left, known = {}, false
for id in string.gmatch(held[1] or '', '%S+') do
  if not gone[id] then left[#left + 1] = id end
  known = known or id == last
end
redis.call('XDEL', OUTBOX, unpack(ARGV, 2))
if known and tonumber(ARGV[1]) > tonumber(held[2] or '0') then redis.call('HSET', LEAD, 'seq', ARGV[1]) end
if #left > 0 then
  redis.call('HSET', LEAD, 'unsent', table.concat(left, ' '))
else
  redis.call('HDEL', LEAD, 'unsent')
end
return 'settled'
