--[[
  A pond takes back a lead that was claimed there and not worked; if the pond is
  not there any more, the pool does (D-25).

  ARGV[1] lead  [2] the version that was looked at
  ARGV[3] the ponds that there are, as in `lake,north`

  Says moved_on | early | stale
]]
local lead = open_own(ARGV[1])
if lead.is.version ~= ARGV[2] or lead.is.state ~= 'assigned' or not lead.is.act_by then
  wait(lead)
  return reply('stale', lead)
end
if now < due_at(lead) then return reply('early', lead) end
local from, pond, ponds = lead.is.agent, lead.is.from_pond, ARGV[3]
to_pool(lead, 'reclaimed', pond and contains(ponds, pond) and pond or nil)
emit(lead, 'lead.returned', { 'agents', from, 'reason', '"reclaimed"' })
return reply('moved_on', lead)
