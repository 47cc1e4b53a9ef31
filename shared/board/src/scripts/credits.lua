--[[
  What routes remember from lead to lead, and who is owed one.
]]

-- Beside each thing stands the event that changed it last, so that an older one
-- cannot bring back what was before (see `repair.lua`). Answers it as it stands
-- in the event.
local function remember(whose, what, value)
  local thing = what .. ':' .. whose
  if value == '' then
    redis.call('HDEL', TURNS, thing)
  else
    redis.call('HSET', TURNS, thing, value)
  end
  remembered[#remembered + 1] = thing
  return what .. '=' .. value
end

local function recall(whose, what) return redis.call('HGET', TURNS, what .. ':' .. whose) end

-- A route's memory is its entity's own, whatever others call their routes.
local function memory_of(lead, route) return lead.is.entity .. '|' .. route end

-- Who is owed a lead, `ana:<ms until it counts>`, longest first.
local function owed(whose)
  local list = {}
  for agent, ms in string.gmatch(recall(whose, 'credit') or '', '([^,:]+):(%d+)') do
    if now < tonumber(ms) then list[#list + 1] = { agent = agent, text = agent .. ':' .. ms } end
  end
  return list
end

local function remember_owed(whose, list)
  local texts = {}
  for _, one in ipairs(list) do texts[#texts + 1] = one.text end
  return remember(whose, 'credit', table.concat(texts, ','))
end

local CREDIT_LASTS = 30 * 24 * 60 * 60 * 1000

-- The agent had a turn of the route and got nothing for it: the next one is
-- theirs, once for each lead, and nothing counts this one any more. Answers the
-- memory; nil where nothing is owed.
local function owe(lead)
  local is = lead.is
  if not is.agent or not is.route or not is_counted(lead) then return nil end
  local whose = memory_of(lead, is.route)
  local list = owed(whose)
  list[#list + 1] = { agent = is.agent, text = is.agent .. ':' .. int(now + CREDIT_LASTS) }
  redis.call('ZREM', TAKEN, taking(lead))
  put(lead, 'credited', '1')
  return remember_owed(whose, list)
end

-- The first who is owed one and can have it has it. `plan.barred`: who cannot.
local function repay(plan)
  local list = owed(plan.whose)
  for i, one in ipairs(list) do
    if contains(plan.order, one.agent) and not contains(plan.barred, one.agent) then
      table.remove(list, i)
      return one.agent, remember_owed(plan.whose, list)
    end
  end
end
