--[[
  Carries out a plan; stands between the prelude and the scripts that place a
  lead or move it on.

  The plan's words, from ARGV[from] on: what (step, pool, hold), why, route,
  pick, by, assign (how, or empty: offer), window in ms, reroutes, decision,
  fresh (1: the route has just taken it up), tags, smart plan, lender, pond; then the candidates, `+ana` eligible, `-ben` not, `+ana=50`
  with their weight, `+ana@open:3` with their limits.

  Whoever is at a limit is not picked. `plan.full` lists them where nobody is
  left; then nothing has been written, and the router plans without them.
]]
local function read_plan(from, lead, entity)
  local names = {
    'what', 'why', 'route', 'pick', 'by', 'assign', 'window', 'reroutes', 'decision',
    'fresh', 'tags', 'smart_plan', 'lender', 'pond',
  }
  local plan = { eligible = {}, names = {}, open = {}, weights = {} }
  local whose, at_limit = { id = lead, is = { entity = entity } }, {}
  for i, name in ipairs(names) do plan[name] = ARGV[from + i - 1] end
  for i = from + #names, #ARGV do
    local sign, name, weight, caps = string.match(ARGV[i], '^([+-])([^=@]+)=?(%d*)@?(.*)$')
    local can = sign == '+'
    if can and not has_room(whose, name, caps) then
      can = false
      at_limit[#at_limit + 1] = name
    end
    plan.weights[name] = tonumber(weight) or 0
    plan.names[#plan.names + 1] = name
    plan.open[#plan.open + 1] = can
    if can then plan.eligible[#plan.eligible + 1] = name end
  end
  if #at_limit > 0 and #plan.eligible == 0 then plan.full = table.concat(at_limit, ',') end
  return plan
end

local function place_of(list, wanted)
  for i, name in ipairs(list) do
    if name == wanted then return i end
  end
end

-- Where on the list the turn stands. An agent who left the list hands the turn
-- to whoever followed them in the order as it was (D-7).
local function whose_turn(plan)
  local turn = redis.call('HGET', TURNS, 'next:' .. plan.whose)
  if not turn then return 1 end
  local at = place_of(plan.names, turn)
  if at then return at end
  local before = split(redis.call('HGET', TURNS, 'list:' .. plan.whose), ',')
  local was = place_of(before, turn)
  for i = 1, was and #before or 0 do
    at = place_of(plan.names, before[(was - 1 + i) % #before + 1])
    if at then return at end
  end
  return 1
end

local function pick_by_turn(plan)
  local from, count = whose_turn(plan), #plan.names
  for i = 0, count - 1 do
    local at = (from - 1 + i) % count + 1
    if plan.open[at] then
      local following, list = plan.names[at % count + 1], table.concat(plan.names, ',')
      redis.call('HSET', TURNS, 'next:' .. plan.whose, following)
      if redis.call('HGET', TURNS, 'list:' .. plan.whose) ~= list then
        redis.call('HSET', TURNS, 'list:' .. plan.whose, list)
      end
      return { plan.names[at] }, 'next=' .. following .. ';list=' .. list
    end
  end
  return {}
end

-- Never the same first agent twice running, unless there is no other (D-8).
local function pick_fresh(plan)
  local last = redis.call('HGET', TURNS, 'first:' .. plan.whose)
  local chosen = plan.eligible[1]
  if chosen == last and plan.eligible[2] then chosen = plan.eligible[2] end
  if not chosen then return {} end
  redis.call('HSET', TURNS, 'first:' .. plan.whose, chosen)
  return { chosen }, 'first=' .. chosen
end

-- Everybody comes nearer by their weight, whoever is nearest has it and goes
-- back by the weight of all (D-11). Those who cannot be picked stand still.
local function pick_smooth(plan)
  local near, total = {}, 0
  for name, at in string.gmatch(redis.call('HGET', TURNS, 'near:' .. plan.whose) or '', '([^,:]+):(-?%d+)') do
    near[name] = tonumber(at)
  end
  local chosen
  for _, name in ipairs(plan.eligible) do
    near[name] = (near[name] or 0) + plan.weights[name]
    total = total + plan.weights[name]
    if not chosen or near[name] > near[chosen] then chosen = name end
  end
  if not chosen then return {} end
  near[chosen] = near[chosen] - total
  local all = {}
  for name, at in pairs(near) do all[#all + 1] = name .. ':' .. int(at) end
  table.sort(all)
  local memory = table.concat(all, ',')
  redis.call('HSET', TURNS, 'near:' .. plan.whose, memory)
  return { chosen }, 'near=' .. memory
end

local function pick(plan)
  if plan.pick == 'smooth' then return pick_smooth(plan) end
  if plan.pick == 'turn' then return pick_by_turn(plan) end
  if plan.pick == 'fresh' then return pick_fresh(plan) end
  if plan.pick == 'all' then return plan.eligible end
  return { plan.eligible[1] }
end

local function offer_to(lead, chosen, window, pick)
  leave_queues(lead)
  put(lead, 'state', 'offered')
  put(lead, 'round', int((tonumber(lead.is.round) or 0) + 1))
  put(lead, 'until', int(now + window))
  put(lead, 'window', int(window))
  put(lead, 'pending', table.concat(chosen, ','))
  put(lead, 'agent', nil)
  put(lead, 'why', nil)
  redis.call('ZADD', DEADLINES, now + window, lead.id)
  for _, agent in ipairs(chosen) do redis.call('ZADD', OFFERS, 0, member(lead, agent)) end
  -- A jump ball reserves nothing: whoever claims it is counted then (D-22).
  if pick ~= 'all' then redis.call('ZADD', RESERVED, 0, member(lead, chosen[1])) end
end

local function carry_out(lead, plan)
  -- A route's memory is its entity's own, whatever others call their routes.
  plan.whose = lead.is.entity .. '|' .. plan.route
  local details = {
    'picked_by', plan.by, 'decision', plan.decision, 'tags', plan.tags, 'smart_plan', plan.smart_plan,
  }
  local function tell(kind, agents, memory)
    for _, pair in ipairs({ { 'agents', agents }, { 'memory', memory } }) do
      if pair[2] then
        details[#details + 1] = pair[1]
        details[#details + 1] = pair[2]
      end
    end
    emit(lead, kind, details)
  end

  if plan.what == 'hold' then
    put(lead, 'state', 'held')
    put(lead, 'why', plan.why)
    return tell('lead.held')
  end
  local chosen, memory = {}, nil
  if plan.what == 'step' then chosen, memory = pick(plan) end
  if not chosen[1] then
    to_pool(lead, plan.what == 'pool' and plan.why or 'nobody_eligible')
    return tell('lead.pooled')
  end
  if plan.route ~= '' and plan.route ~= lead.is.route then
    put(lead, 'route', plan.route)
    put(lead, 'first', int(now))
  end
  put(lead, 'reroutes', plan.reroutes)
  local agents = table.concat(chosen, ',')
  if plan.assign ~= '' then
    give_to(lead, chosen[1], plan.assign)
    return tell('lead.assigned', agents, memory)
  end
  offer_to(lead, chosen, tonumber(plan.window), plan.pick)
  tell('lead.offered', agents, memory)
end
