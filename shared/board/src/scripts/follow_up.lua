--[[
  Notes when the agent who has the lead will get in touch again. The lead stays
  where it is, and counts as being worked (D-25, D-34).

  ARGV[1] lead  [2] agent, or '' for an admin  [3] who did it  [4] request  [5] when, ms
  ARGV[6] what for, or ''

  Says noted | not_yours | reused (the request asked something else before) | unknown
]]
local agent, request = ARGV[2], ARGV[4]
local lead = open_own(ARGV[1])
if not lead.is.state then return reply('unknown', lead) end
local before = answered_before(lead, request)
if before then return reply(before, lead) end
if lead.is.state ~= 'assigned' or (agent ~= '' and lead.is.agent ~= agent) then return reply('not_yours', lead) end

if lead.is.act_by then
  put(lead, 'act_by', nil)
  wait(lead)
end
known_again(lead, request, 'noted')
emit(lead, 'lead.follow_up', { 'agents', lead.is.agent, 'by', ARGV[3], 'reason', ARGV[6], 'due', ARGV[5] })
return reply('noted', lead)
