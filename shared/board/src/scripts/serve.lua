--[[
  Offers a lead again that rests in a pond: by now there is somebody who can
  take it.

  ARGV[1] lead  [2] the version that the plan was made for  [3…] the plan

  Says served | full agents | stale (it has changed since)
]]
local lead = open_own(ARGV[1])
if lead.is.state ~= 'pooled' or lead.is.version ~= ARGV[2] then return reply('stale', lead) end

local plan = read_plan(3, lead.id, lead.is.entity)
if plan.full then return reply('full', lead, plan.full) end

-- What the route's timeout is counted from begins anew.
put(lead, 'first', nil)
carry_out(lead, plan)
return reply('served', lead)
