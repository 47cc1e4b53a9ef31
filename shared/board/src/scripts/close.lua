--[[
  Closes a lead, wherever it stands; offers still out are withdrawn.

  ARGV[1] lead  [2] who did it  [3] reason, as JSON, or ''  [4] 1: the agent is owed another  [5] request

  Says closed | reused (the request asked something else before) | unknown
]]
local lead = open_own(ARGV[1])
if not lead.is.state then return reply('unknown', lead) end
local before = answered_before(lead, ARGV[5])
if before then return reply(before, lead) end
if lead.is.state == 'closed' then return reply('closed', lead) end

local withdrawn = resolve_all(lead, 'withdrawn')
if withdrawn then emit(lead, 'offer.withdrawn', { 'agents', withdrawn, 'by', ARGV[2] }) end
local memory = ARGV[4] == '1' and owe(lead) or nil
leave_queues(lead)
for _, field in ipairs({ 'pond', 'from_pond', 'again' }) do put(lead, field, nil) end
put(lead, 'state', 'closed')
known_again(lead, ARGV[5], 'closed')
emit(lead, 'lead.closed', { 'agents', lead.is.agent, 'by', ARGV[2], 'reason', ARGV[3], 'memory', memory })
return reply('closed', lead)
