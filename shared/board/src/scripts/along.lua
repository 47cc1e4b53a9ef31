--[[
  Who goes along with the agent: a lender, an inside sales agent and the like.
]]
-- One of each group of the plan, as in `lender:bank;isa:ivy,ida`, in turn. Answers
-- what the route remembers of it; nil where nobody had to be chosen.
local function send_along(lead, plan)
  local along, memory = {}, {}
  for role, list in string.gmatch(plan.along, '([^:;]+):([^;]+)') do
    local chosen = string.match(list, '^[^,]+')
    -- Without a route nothing is remembered.
    if plan.route ~= '' and chosen ~= list then
      local whose, what = memory_of(lead, plan.route), 'along_' .. role
      local last = recall(whose, what)
      chosen = last and behind(list, last) or chosen
      memory[#memory + 1] = remember(whose, what, chosen)
    end
    along[#along + 1] = chosen
  end
  put(lead, 'along', along[1] and table.concat(along, ',') or nil)
  return memory[1] and table.concat(memory, ';') or nil
end
