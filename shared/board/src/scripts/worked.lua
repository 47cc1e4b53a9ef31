--[[
  The agent has begun to work the lead: its pond does not take it back (D-25).

  ARGV[1] lead  [2] agent

  Says worked | not_yours | unknown
]]
local lead = open_own(ARGV[1])
if not lead.is.state then return reply('unknown', lead) end
if lead.is.state ~= 'assigned' or lead.is.agent ~= ARGV[2] then return reply('not_yours', lead) end
if not lead.is.act_by then return reply('worked', lead) end
put(lead, 'act_by', nil)
wait(lead)
emit(lead, 'lead.worked', { 'agents', ARGV[2], 'by', ARGV[2] })
return reply('worked', lead)
