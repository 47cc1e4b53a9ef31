--[[
  The lead was worth nothing: its agent is owed another one on its route.

  ARGV[1] lead  [2] who did it  [3] reason, as JSON, or ''  [4] request

  Says credited (also when it was before) | not_routed | reused (the request asked something else before) | unknown
]]
local lead = open_own(ARGV[1])
if not lead.is.state then return reply('unknown', lead) end
local before = answered_before(lead, ARGV[4])
if before then return reply(before, lead) end
if lead.is.credited then return reply('credited', lead) end
local memory = owe(lead)
if not memory then return reply('not_routed', lead) end
known_again(lead, ARGV[4], 'credited')
emit(lead, 'lead.credited', { 'agents', lead.is.agent, 'by', ARGV[2], 'reason', ARGV[3], 'memory', memory })
return reply('credited', lead)
