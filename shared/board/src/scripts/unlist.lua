--[[
  Whether an agent stands in a list with a lead that is not theirs there, by
  what the lead itself says; and takes them out of it.

  KEYS[1] lead  [2] the list: offers, owned or reserved   ARGV[1] member  [2] agent  [3] entity  [4] which list  [5] 1: take it out

  Says rightly | wrongly
]]
local member, agent, entity, which = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not redis.call('ZSCORE', KEYS[2], member) then return 'rightly' end
local is = redis.call('HMGET', KEYS[1], 'entity', 'state', 'agent', 'pending', 'ball')
local state, pending = is[2], ',' .. (is[4] or '') .. ','
local rightly
if is[1] ~= entity then
  rightly = false
elseif which == 'owned' then
  rightly = state == 'assigned' and is[3] == agent
else
  rightly = state == 'offered' and string.find(pending, ',' .. agent .. ',', 1, true) ~= nil
  if which == 'reserved' then rightly = rightly and is[4] == agent and not is[5] end
end
if rightly then return 'rightly' end
if ARGV[5] == '1' then redis.call('ZREM', KEYS[2], member) end
return 'wrongly'
