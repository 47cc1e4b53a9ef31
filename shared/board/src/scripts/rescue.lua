--[[
  Sends a lead to the entity's pool from where nobody would find it: from an agent
  who had left before it was given to them, or from a pond that is gone.

  ARGV[1] lead  [2] the version that was looked at  [3] why it cannot stay there, as JSON

  Says rescued | stale (it has changed since)
]]
local lead = open_own(ARGV[1])
local is = lead.is
local may_be_lost = is.state == 'assigned' or is.state == 'pooled'
if not may_be_lost or is.version ~= ARGV[2] then return reply('stale', lead) end

local from = is.agent
to_pool(lead, from and 'nobody_eligible' or is.why)
emit(lead, from and 'lead.returned' or 'lead.pooled', { 'agents', from, 'reason', ARGV[3] })
return reply('rescued', lead)
