--[[
  An agent let the lead go and wants it after all: they are asked again when
  nobody else is left (D-19).

  ARGV[1] lead  [2] agent  [3] request

  Says queued | offered | already_yours | taken | in_pool | not_offered
     | reused (the request asked something else before) | unknown
]]
local agent = ARGV[2]
local lead = open_own(ARGV[1])
local is = lead.is
if not is.state then return reply('unknown', lead) end
local before = answered_before(lead, ARGV[3])
if before then return reply(before, lead) end
if is.state == 'assigned' then return reply(is.agent == agent and 'already_yours' or 'taken', lead) end
if is.state == 'closed' then return reply('taken', lead) end
if is.state == 'pooled' then return reply('in_pool', lead) end
if is.state ~= 'offered' then return reply('not_offered', lead) end

local asked = contains(is.pending, agent)
if asked and now < tonumber(is['until']) then return reply('offered', lead) end
local outcome = asked and 'expired' or outcome_of(is.tried, agent)
if outcome ~= 'passed' and outcome ~= 'expired' then return reply('not_offered', lead) end
if contains(is.again, agent) then return reply('queued', lead) end

put(lead, 'again', with(is.again, agent))
known_again(lead, ARGV[3], 'queued')
emit(lead, 'lead.chance_asked', { 'agents', agent, 'by', agent })
return reply('queued', lead)
