--[[
  Who goes along with the agent: a lender, an inside sales agent and the like.
]]
-- Whoever stands behind `last` on the list, and behind the last of all the first.
local function behind(list, last)
  local _, stop = string.find(',' .. list .. ',', ',' .. (last or '') .. ',', 1, true)
  return stop and string.match(list, '^[^,]+', stop) or string.match(list, '^[^,]+')
end

-- One of each group of the plan, as in `lender:bank;isa:ivy,ida`, in turn. Answers
-- what the route remembers of it; nil where nobody had to be chosen.
local function send_along(lead, plan)
  local along, memory = {}, {}
  for role, list in string.gmatch(plan.along, '([^:;]+):([^;]+)') do
    local chosen = string.match(list, '^[^,]+')
    -- Without a route nothing is remembered.
    if plan.route ~= '' and chosen ~= list then
      local whose, what = memory_of(lead, plan.route), 'along_' .. role
      chosen = behind(list, recall(whose, what))
      memory[#memory + 1] = remember(whose, what, chosen)
    end
    along[#along + 1] = chosen
  end
  put(lead, 'along', along[1] and table.concat(along, ',') or nil)
  return memory[1] and table.concat(memory, ';') or nil
end
