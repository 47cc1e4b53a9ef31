--[[
  The log has a lead's events: remembers where, and clears them from the outbox.
  What the board does not have waiting it does not know, or no longer: then the
  sequence stays behind, and the next event meets what the log has instead.

  KEYS[1] lead  [2] outbox  [3] clock   ARGV[1] the last event's sequence in the log  [2…] outbox ids

  Says settled | forgot (the board has lost what the log has)
]]
local LEAD, OUTBOX, CLOCK = KEYS[1], KEYS[2], KEYS[3]
local sequence, last, gone = tonumber(ARGV[1]), ARGV[#ARGV], {}
for i = 2, #ARGV do gone[ARGV[i]] = true end
local held = redis.call('HMGET', LEAD, 'unsent', 'seq')
local left, known, before = {}, false, tonumber(held[2] or '0')
for id in string.gmatch(held[1] or '', '%S+') do
  if not gone[id] then left[#left + 1] = id end
  known = known or id == last
end
redis.call('XDEL', OUTBOX, unpack(ARGV, 2))
if known and sequence > before then redis.call('HSET', LEAD, 'seq', ARGV[1]) end
if #left > 0 then
  redis.call('HSET', LEAD, 'unsent', table.concat(left, ' '))
else
  redis.call('HDEL', LEAD, 'unsent')
end

-- An event is decided before it is published, and settled after that. So a
-- board that has this one settled has all before it in the log decided. To be
-- exact by some hundred is enough: so many are read again, and found known.
local stamps = redis.call('HMGET', CLOCK, 'open', 'logged')
if stamps[1] == SERVER and sequence - tonumber(stamps[2] or '0') >= 100 then
  redis.call('HSET', CLOCK, 'logged', ARGV[1])
end
return (known or before >= sequence) and 'settled' or 'forgot'
