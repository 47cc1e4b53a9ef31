--[[
  Moves a lead on whose offer ran out or was passed by everybody asked, or that
  was held and let go.

  ARGV[1] lead  [2] the version that the plan was made for  [3…] the plan

  Says moved_on | early | full agents | stale (it has changed since; plan again if it is due)
]]
local lead = open(LEAD, ARGV[1])
local due = due_at(lead)
if not due then redis.call('ZREM', DEADLINES, lead.id) end
-- What an agent has goes back to its pond, and nowhere else (see `reclaim.lua`).
if not due or lead.is.state == 'assigned' or lead.is.version ~= ARGV[2] then return reply('stale', lead) end
if now < due then return reply('early', lead) end

local plan = read_plan(3, lead.id, lead.is.entity)
if plan.full then return reply('full', lead, plan.full) end

-- What the route's timeout left less than half of ends with that, and nobody has missed it.
local function was_cut_short()
  local is = lead.is
  return plan.assign == 'timeout_agent' and plan.route == (is.route or '')
    and tonumber(is.window or plan.window) * 2 < tonumber(plan.window)
end

local is_missed = not was_cut_short()
local expired = resolve_all(lead, 'expired')
if expired then
  emit(lead, 'lead.expired', { 'agents', expired, 'misses', is_missed and missed(lead, expired) or nil })
end
carry_out(lead, plan)
return reply('moved_on', lead)
