--[[
  A pond takes back a lead that was claimed there and not worked (D-25).

  ARGV[1] lead  [2] the version that was looked at

  Says moved_on | early | stale
]]
local lead = open_own(ARGV[1])
if lead.is.version ~= ARGV[2] or lead.is.state ~= 'assigned' or not lead.is.act_by then
  wait(lead)
  return reply('stale', lead)
end
if now < due_at(lead) then return reply('early', lead) end
local from = lead.is.agent
to_pool(lead, 'reclaimed', lead.is.from_pond)
emit(lead, 'lead.returned', { 'agents', from, 'reason', '"reclaimed"' })
return reply('moved_on', lead)
