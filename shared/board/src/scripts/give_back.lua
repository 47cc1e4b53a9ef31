--[[
  Sends a lead to the pond it was taken from if that is still there, else to the
  pool (D-25): an agent what they have, an admin anything.

  ARGV[1] lead  [2] agent, or '' for an admin  [3] who did it  [4] request  [5] reason, or ''
  ARGV[6] the ponds that there are, as in `lake,north`

  Says returned | not_yours | reused (the request asked something else before) | unknown
]]
local agent, ponds = ARGV[2], ARGV[6]
local lead = open_own(ARGV[1])
if not lead.is.state then return reply('unknown', lead) end
local before = answered_before(lead, ARGV[4])
if before then return reply(before, lead) end
local theirs = lead.is.state == 'assigned' and lead.is.agent == agent
if agent ~= '' and not theirs then return reply('not_yours', lead) end
if lead.is.state == 'pooled' then return reply('returned', lead) end
if lead.is.state == 'closed' then return reply('not_yours', lead) end

local withdrawn = resolve_all(lead, 'withdrawn')
if withdrawn then emit(lead, 'offer.withdrawn', { 'agents', withdrawn, 'by', ARGV[3] }) end
local from, pond = lead.is.agent, lead.is.from_pond
to_pool(lead, 'returned', pond and contains(ponds, pond) and pond or nil)
known_again(lead, ARGV[4], 'returned')
emit(lead, 'lead.returned', { 'agents', from, 'by', ARGV[3], 'reason', ARGV[5] })
return reply('returned', lead)
