--[[
  Takes back a pass: the agent is asked again, in the same round and until the
  same deadline. Their place under limits was kept for that (`kept_for_undo`).

  ARGV[1] lead  [2] agent  [3] request

  Says pending | too_late | not_passed | reused (the request asked something else before) | unknown
]]
local agent = ARGV[2]
local lead = open_own(ARGV[1])
local is = lead.is
if not is.state then return reply('unknown', lead) end
local before = answered_before(lead, ARGV[3])
if before then return reply(before, lead) end
if is.state == 'offered' and contains(is.pending, agent) then return reply('pending', lead) end
if outcome_of(is.tried, agent) ~= 'passed' then return reply('not_passed', lead) end

local undone_before = string.match(',' .. (is.undo or ''), ',' .. string.gsub(agent, '%-', '%%-') .. ':(%d+)')
if is.state ~= 'offered' or not undone_before then return reply('too_late', lead) end
if now >= math.min(tonumber(undone_before), tonumber(is['until'] or '0')) then return reply('too_late', lead) end

-- Their last answer is gone; earlier rounds stay.
local tried = split(is.tried, ',')
for i = #tried, 1, -1 do
  if tried[i] == agent .. '=passed' then
    table.remove(tried, i)
    break
  end
end
put(lead, 'tried', tried[1] and table.concat(tried, ',') or nil)
put(lead, 'pending', with(is.pending, agent))
put(lead, 'undo', without(is.undo, agent))
put(lead, 'again', without(is.again, agent))
known_again(lead, ARGV[3], 'pending')
redis.call('ZADD', OFFERS, 0, member(lead, agent))
wait(lead)
emit(lead, 'offer.restored', { 'agents', agent, 'by', agent })
return reply('pending', lead)
