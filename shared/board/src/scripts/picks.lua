--[[
  Who gets it. Each answers whom, and what the route remembers of it.
]]
-- Lists are long and most picks need one name of them, so nothing is taken
-- apart before somebody asks for it.
local function take_apart(plan)
  if plan.names then return plan end
  local barred = {}
  for _, name in ipairs(split(plan.barred, ',')) do barred[name] = true end
  plan.names, plan.open, plan.eligible = split(plan.order, ','), {}, {}
  for i, name in ipairs(plan.names) do
    plan.open[i] = not barred[name]
    if plan.open[i] then plan.eligible[#plan.eligible + 1] = name end
  end
  return plan
end

local function place_of(list, wanted)
  for i, name in ipairs(list) do
    if name == wanted then return i end
  end
end

-- Where on the list the turn stands. An agent who left the list hands the turn
-- to whoever followed them in the order as it was (D-7).
local function whose_turn(plan, turn, before)
  if not turn then return 1 end
  local at = place_of(plan.names, turn)
  if at then return at end
  before = split(before, ',')
  local was = place_of(before, turn)
  for i = 1, was and #before or 0 do
    at = place_of(plan.names, before[(was - 1 + i) % #before + 1])
    if at then return at end
  end
  return 1
end

-- The list is as it was and whoever's turn it is can have it: no need to take it apart.
local function pick_next(plan, whose, turn, order)
  local following = behind(plan.order, whose)
  if not following then return nil end
  return { whose }, remember(plan.whose, turn, following) .. ';' .. order .. '=' .. plan.order
end

-- `turn` and `order`: what the cursor and the list it stood on are called.
-- Roll-ons may have a cursor of their own (D-7).
local function pick_by_turn(plan, turn, order)
  local before, whose = recall(plan.whose, order), recall(plan.whose, turn)
  if whose and before == plan.order and not contains(plan.barred, whose) then
    local chosen, memory = pick_next(plan, whose, turn, order)
    if chosen then return chosen, memory end
  end
  take_apart(plan)
  local from, count = whose_turn(plan, whose, before), #plan.names
  for i = 0, count - 1 do
    local at = (from - 1 + i) % count + 1
    if plan.open[at] then
      local following = plan.names[at % count + 1]
      if before ~= plan.order then remember(plan.whose, order, plan.order) end
      return { plan.names[at] }, remember(plan.whose, turn, following) .. ';' .. order .. '=' .. plan.order
    end
  end
  return {}
end

-- Never the same first agent twice running, unless there is no other (D-8).
local function pick_fresh(plan)
  local last = recall(plan.whose, 'first')
  take_apart(plan)
  local chosen = plan.eligible[1]
  if chosen == last and plan.eligible[2] then chosen = plan.eligible[2] end
  if not chosen then return {} end
  return { chosen }, remember(plan.whose, 'first', chosen)
end

-- Everybody comes nearer by their weight, whoever is nearest has it and goes
-- back by the weight of all (D-11). Those who cannot be picked stand still.
local function pick_smooth(plan)
  local near, weights, total = {}, {}, 0
  for name, weight in string.gmatch(plan.weights, '([^,=]+)=(%d+)') do weights[name] = tonumber(weight) end
  for name, at in string.gmatch(recall(plan.whose, 'near') or '', '([^,:]+):(-?%d+)') do
    near[name] = tonumber(at)
  end
  local chosen
  for _, name in ipairs(take_apart(plan).eligible) do
    near[name] = (near[name] or 0) + weights[name]
    total = total + weights[name]
    if not chosen or near[name] > near[chosen] then chosen = name end
  end
  if not chosen then return {} end
  near[chosen] = near[chosen] - total
  local all = {}
  for name, at in pairs(near) do all[#all + 1] = name .. ':' .. int(at) end
  table.sort(all)
  return { chosen }, remember(plan.whose, 'near', table.concat(all, ','))
end

local FIRST_OFFERS = { turn = 1, fresh = 1, smooth = 1, drawn = 1 }

-- And thirdly how, where it was not as planned.
local function pick(plan)
  if FIRST_OFFERS[plan.pick] then
    local chosen, memory = repay(plan)
    if chosen then return { chosen }, memory, 'credit' end
  end
  if plan.pick == 'turn' then return pick_by_turn(plan, 'next', 'list') end
  if plan.pick == 'spread' then return pick_by_turn(plan, 'roll', 'round') end
  if plan.pick == 'fresh' then return pick_fresh(plan) end
  if plan.pick == 'smooth' then return pick_smooth(plan) end
  local eligible = take_apart(plan).eligible
  if plan.pick == 'all' then return eligible end
  return { eligible[1] }
end
