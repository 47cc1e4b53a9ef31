--[[
  Whether an agent stands in a list with a lead that is not theirs there, by
  what the lead itself says; and takes them out of it.

  KEYS[1] lead  [2] the list: offers, owned or reserved   ARGV[1] member  [2] agent  [3] entity  [4] which list  [5] 1: take it out

  Says rightly | wrongly
]]
local member, agent, entity, which = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not redis.call('ZSCORE', KEYS[2], member) then return 'rightly' end
local is = redis.call('HMGET', KEYS[1], 'entity', 'state', 'agent', 'pending', 'ball', 'undo')
local state = is[2]
local function is_among(list, one) return string.find(',' .. (list or ''), ',' .. one, 1, true) ~= nil end
local rightly
if is[1] ~= entity then
  rightly = false
elseif which == 'owned' then
  rightly = state == 'assigned' and is[3] == agent
elseif which == 'offers' then
  rightly = state == 'offered' and is_among((is[4] or '') .. ',', agent .. ',')
else
  -- Whoever may take a pass back keeps the place; a jump ball holds none (D-22).
  rightly = state == 'offered' and not is[5] and (is[4] == agent or is_among(is[6], agent .. ':'))
end
if rightly then return 'rightly' end
if ARGV[5] == '1' then redis.call('ZREM', KEYS[2], member) end
return 'wrongly'
