--[[
  Takes back one agent's pending offer. When nobody is left who was asked, the
  lead is due.

  ARGV[1] lead  [2] agent  [3] round, or '' for any  [4] why, as JSON

  Says withdrawn | withdrawn_all | not_pending | unknown
]]
local agent, round = ARGV[2], ARGV[3]
local lead = open_own(ARGV[1])
local is = lead.is
if not is.state then return reply('unknown', lead) end
local asked = is.state == 'offered' and contains(is.pending, agent) and (round == '' or round == is.round)
-- An offer that has run out is expired, whether or not anybody has swept.
if not asked or now >= tonumber(is['until']) then return reply('not_pending', lead) end

resolve(lead, agent, 'withdrawn')
if not is.pending then nobody_left(lead) end
emit(lead, 'offer.withdrawn', { 'agents', agent, 'reason', ARGV[4] })
return reply(is.pending and 'withdrawn' or 'withdrawn_all', lead)
