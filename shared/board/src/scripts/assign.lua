--[[
  A person gives the lead to an agent, wherever it stands; offers still out are
  withdrawn (D-23).

  ARGV[1] lead  [2] agent  [3] who did it  [4] request

  Says assigned | closed | reused (the request asked something else before) | unknown
]]
local agent = ARGV[2]
local lead = open_own(ARGV[1])
if not lead.is.state then return reply('unknown', lead) end
local before = answered_before(lead, ARGV[4])
if before then return reply(before, lead) end
if lead.is.state == 'closed' then return reply('closed', lead) end
if lead.is.state == 'assigned' and lead.is.agent == agent then return reply('assigned', lead) end

local withdrawn = resolve_all(lead, 'withdrawn')
if withdrawn then emit(lead, 'offer.withdrawn', { 'agents', withdrawn, 'by', ARGV[3] }) end
local from = lead.is.state == 'assigned' and lead.is.agent or nil
local plan = give_to(lead, agent, 'manual')
known_again(lead, ARGV[4], 'assigned')
emit(lead, 'lead.assigned', { 'agents', agent, 'by', ARGV[3], 'enrol', plan, 'from', from })
return reply('assigned', lead)
