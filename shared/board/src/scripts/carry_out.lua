--[[
  Carries out a plan; stands between the parts above and the scripts that place
  a lead or move it on.

  The plan's words, from ARGV[from] on: what (step, pool, hold), why, route,
  pick, by, assign (how, or empty: offer), window in ms (hold: until when, or empty), reroutes, decision,
  fresh (1: the route has just taken it up), tags, smart plan, who goes along, pond; and
  four lists: everybody on the route in order, those of them who cannot have it,
  weights as in `ana=50`, limits as in `ana@open:3`.

  Whoever is at a limit is not picked. `plan.full` lists them where nobody is
  left; then nothing has been written, and the router plans without them.
]]
local function read_plan(from, lead, entity)
  local names = {
    'what', 'why', 'route', 'pick', 'by', 'assign', 'window', 'reroutes', 'decision',
    'fresh', 'tags', 'smart_plan', 'along', 'pond', 'order', 'barred', 'weights', 'limits',
  }
  local plan, whose, at_limit = {}, { id = lead, is = { entity = entity } }, {}
  for i, name in ipairs(names) do plan[name] = ARGV[from + i - 1] end
  for name, caps in string.gmatch(plan.limits or '', '([^,@]+)@([^,]+)') do
    if not has_room(whose, name, caps) then at_limit[#at_limit + 1] = name end
  end
  if at_limit[1] then
    plan.at_limit = table.concat(at_limit, ',')
    plan.barred = plan.barred .. ',' .. plan.at_limit
    if not take_apart(plan).eligible[1] then plan.full = plan.at_limit end
  end
  return plan
end

-- Puts on what the lead does not have yet; answers it, as JSON.
local function add_tags(lead, tags)
  if tags == '' then return nil end
  local all, new, has = cjson.decode(lead.is.tags or '[]'), {}, {}
  for _, tag in ipairs(all) do has[tag] = true end
  for _, tag in ipairs(cjson.decode(tags)) do
    if not has[tag] then
      has[tag] = true
      all[#all + 1] = tag
      new[#new + 1] = tag
    end
  end
  if not new[1] then return nil end
  put(lead, 'tags', cjson.encode(all))
  return cjson.encode(new)
end

-- The route takes the lead up: tags now, the plan when somebody gets it (D-29).
-- Answers the tags that are new, and what the route remembers of it.
local function take_up(lead, plan)
  if plan.route ~= '' and plan.route ~= lead.is.route then
    put(lead, 'route', plan.route)
    put(lead, 'first', nil)
  end
  if plan.fresh ~= '1' then return nil end
  put(lead, 'plan', plan.smart_plan ~= '' and plan.smart_plan or nil)
  local memory = send_along(lead, plan)
  return add_tags(lead, plan.tags), memory
end

local function offer_to(lead, chosen, window, pick)
  local agents = table.concat(chosen, ',')
  leave_queues(lead)
  put(lead, 'state', 'offered')
  put(lead, 'round', int((tonumber(lead.is.round) or 0) + 1))
  put(lead, 'until', int(now + window))
  put(lead, 'window', int(window))
  put(lead, 'pending', agents)
  put(lead, 'agent', nil)
  if not lead.is.firsts then put(lead, 'firsts', agents) end
  -- A jump ball reserves nothing: whoever claims it is counted then (D-22).
  if pick == 'all' then put(lead, 'ball', '1') end
  wait(lead)
  for _, agent in ipairs(chosen) do
    redis.call('ZADD', OFFERS, 0, member(lead, agent))
    if lead.is.again then put(lead, 'again', without(lead.is.again, agent)) end
  end
  if pick ~= 'all' then redis.call('ZADD', RESERVED, 0, member(lead, chosen[1])) end
end

local function carry_out(lead, plan)
  local details = { 'decision', plan.decision }
  local function detail(name, value)
    details[#details + 1] = name
    details[#details + 1] = value or ''
  end

  if plan.what == 'hold' then
    hold(lead, plan.why, plan.window ~= '' and plan.window or nil)
    return emit(lead, 'lead.held', details)
  end
  plan.whose = memory_of(lead, plan.route)
  local chosen, memory, by = {}, nil, nil
  if plan.what == 'step' then chosen, memory, by = pick(plan) end
  if chosen[1] or plan.what == 'pool' then
    local new_tags, of_those_along = take_up(lead, plan)
    detail('new_tags', new_tags)
    memory = of_those_along and with(memory, of_those_along, ';') or memory
  end
  if not chosen[1] then
    detail('memory', memory)
    to_pool(lead, plan.what == 'pool' and plan.why or 'nobody_eligible', plan.pond)
    return emit(lead, 'lead.pooled', details)
  end
  if not lead.is.first then put(lead, 'first', int(now)) end
  put(lead, 'reroutes', plan.reroutes)
  detail('picked_by', by or plan.by)
  detail('at_limit', plan.at_limit)
  detail('agents', table.concat(chosen, ','))
  detail('memory', memory)
  if plan.assign ~= '' then
    detail('enrol', give_to(lead, chosen[1], plan.assign))
    return emit(lead, 'lead.assigned', details)
  end
  offer_to(lead, chosen, tonumber(plan.window), plan.pick)
  emit(lead, 'lead.offered', details)
end
