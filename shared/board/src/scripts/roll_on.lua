--[[
  Moves a lead on whose offer ran out or was passed by everybody asked.

  ARGV[1] lead  [2] the version that the plan was made for  [3…] the plan

  Says moved_on | early | full agents | stale (it has changed since; plan again if it is due)
]]
local lead = open(LEAD, ARGV[1])
if lead.is.state ~= 'offered' then
  redis.call('ZREM', DEADLINES, lead.id)
  return reply('stale', lead)
end
if lead.is.version ~= ARGV[2] then return reply('stale', lead) end
if lead.is.pending and now < tonumber(lead.is['until']) then return reply('early', lead) end

local plan = read_plan(3, lead.id, lead.is.entity)
if plan.full then return reply('full', lead, plan.full) end

local expired = resolve_all(lead, 'expired')
put(lead, 'until', nil)
if expired then emit(lead, 'lead.expired', { 'agents', expired }) end
carry_out(lead, plan)
return reply('moved_on', lead)
