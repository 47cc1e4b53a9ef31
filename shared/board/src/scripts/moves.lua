--[[
  From one state to another, and the queues that go with them.
]]

-- Where a lead that nobody has stands in POOL; a pond is one range.
local function resting(lead)
  local pond = lead.is.state == 'held' and 'held' or lead.is.pond or 'pool'
  return pond .. '|' .. lead.is.rested .. '|' .. lead.id
end

local function rest(lead)
  put(lead, 'rested', int(now))
  redis.call('ZADD', POOL, 0, resting(lead))
end

-- The ms at which the lead moves on by itself; nil: never.
local function due_at(lead)
  local is = lead.is
  if is.state == 'assigned' then return tonumber(is.act_by) end
  if is.state == 'held' then return tonumber(is['until'] or is.released and is.t0 or nil) end
  if is.state ~= 'offered' then return nil end
  if is.pending then return tonumber(is['until']) end
  -- Nobody is left to wait for, but a pass may yet be taken back.
  local due = 0
  for ms in string.gmatch(is.undo or '', ':(%d+)') do due = math.max(due, tonumber(ms)) end
  return math.max(now, math.min(due, tonumber(is['until'] or '0')))
end

-- What is part of another lead since it came in, by the ms of arrival: no list shows it, but it
-- leaves the board like any other.
local function inquiries() return (string.gsub(LEADS, ':leads:', ':inquiries:', 1)) end

-- Whether nobody has had anything to do with a lead since that ms: it is closed, or
-- its agent has had it all that time.
local function is_over(is, before)
  local is_done = is.state == 'closed' or is.state == 'assigned' and not is.act_by and tonumber(is.since) < before
  return is_done and tonumber(is.received) < before
end

local function wait(lead)
  local due = due_at(lead)
  if due then
    redis.call('ZADD', DEADLINES, due, lead.id)
  else
    redis.call('ZREM', DEADLINES, lead.id)
  end
end

-- Whoever was asked has answered, or cannot be asked.
local function nobody_left(lead)
  if due_at(lead) <= now then put(lead, 'until', nil) end
  wait(lead)
end

-- A list such as `ana:123,ben:456` without the one of that name.
local function without(list, name)
  local left = {}
  for _, one in ipairs(split(list, ',')) do
    if string.match(one, '^[^:=]+') ~= name then left[#left + 1] = one end
  end
  return left[1] and table.concat(left, ',') or nil
end

local function with(list, one, between) return list and (list .. (between or ',') .. one) or one end

-- Ends the offer to one agent.
local function resolve(lead, agent, outcome)
  put(lead, 'pending', without(lead.is.pending, agent))
  put(lead, 'tried', with(lead.is.tried, agent .. '=' .. outcome))
  redis.call('ZREM', OFFERS, member(lead, agent))
  redis.call('ZREM', RESERVED, member(lead, agent))
end

-- Ends every pending offer; answers whom they were made to, as a list.
local function resolve_all(lead, outcome)
  local pending = lead.is.pending
  if not pending then return nil end
  local tried = {}
  for _, agent in ipairs(split(pending, ',')) do
    tried[#tried + 1] = agent .. '=' .. outcome
    redis.call('ZREM', OFFERS, member(lead, agent))
    redis.call('ZREM', RESERVED, member(lead, agent))
  end
  put(lead, 'pending', nil)
  put(lead, 'tried', with(lead.is.tried, table.concat(tried, ',')))
  return pending
end

-- How many offers in a row these agents have let run out, whatever the lead, as
-- in `ana:3,ben:1`. It is in memory only: who is lost begins anew.
local function missed(lead, agents)
  local counts = {}
  for _, agent in ipairs(split(agents, ',')) do
    local row = 'missed:' .. lead.is.entity .. '|' .. agent
    local count = int(tonumber(redis.call('HGET', TURNS, row) or '0') + 1)
    redis.call('HSET', TURNS, row, count)
    counts[#counts + 1] = agent .. ':' .. count
  end
  return table.concat(counts, ',')
end

local function answered(lead, agent) redis.call('HDEL', TURNS, 'missed:' .. lead.is.entity .. '|' .. agent) end

-- The places under limits of those who may take a pass back: they keep what the
-- offer held (D-22), which is nothing in a jump ball.
local function kept_for_undo(lead)
  local places = {}
  if not lead.is.undo or lead.is.ball then return places end
  for agent in string.gmatch(lead.is.undo, '([^,:]+):') do places[#places + 1] = member(lead, agent) end
  return places
end

-- Takes the lead out of every queue it stands in, with what belongs to them.
local function leave_queues(lead)
  for _, place in ipairs(kept_for_undo(lead)) do redis.call('ZREM', RESERVED, place) end
  if lead.is.rested then redis.call('ZREM', POOL, resting(lead)) end
  if lead.is.agent then redis.call('ZREM', OWNED, member(lead, lead.is.agent)) end
  redis.call('ZREM', DEADLINES, lead.id)
  for _, field in ipairs({ 'until', 'window', 'undo', 'late', 'ball', 'act_by', 'rested', 'why', 'known_by' }) do
    put(lead, field, nil)
  end
end

-- Whoever gets the lead enrols it in its route's plan, in each plan once (D-29).
local function enrol(lead)
  local plan = lead.is.plan
  if not plan then return nil end
  local enrolled = cjson.decode(lead.is.enrolled or '[]')
  for _, already in ipairs(enrolled) do
    if already == plan then return nil end
  end
  enrolled[#enrolled + 1] = plan
  put(lead, 'enrolled', cjson.encode(enrolled))
  return plan
end

-- `counted`: 1 if limits count it although it comes from a pond. Answers the
-- plan to enrol it in.
local function give_to(lead, agent, how, counted)
  -- So that it can go back to where it came from (D-25).
  local from = lead.is.state == 'assigned' and lead.is.from_pond or nil
  if lead.is.state == 'pooled' then from = lead.is.pond or 'pool' end
  leave_queues(lead)
  put(lead, 'state', 'assigned')
  put(lead, 'agent', agent)
  put(lead, 'how', how)
  put(lead, 'since', int(now))
  put(lead, 'pond', nil)
  put(lead, 'from_pond', from)
  put(lead, 'counted', counted)
  put(lead, 'again', nil)
  redis.call('ZADD', OWNED, 0, member(lead, agent))
  count_taken(lead)
  return enrol(lead)
end

-- `pond`: nil for the entity's own pool.
local function to_pool(lead, why, pond)
  leave_queues(lead)
  put(lead, 'state', 'pooled')
  put(lead, 'why', why)
  put(lead, 'pond', pond ~= '' and pond ~= 'pool' and pond or nil)
  for _, field in ipairs({ 'agent', 'how', 'since', 'from_pond', 'counted', 'again' }) do put(lead, field, nil) end
  rest(lead)
end

-- Waits until somebody lets it go (D-26, D-27), or until that ms (D-16).
local function hold(lead, why, ms)
  leave_queues(lead)
  put(lead, 'state', 'held')
  put(lead, 'why', why)
  if ms then
    put(lead, 'until', ms)
    return wait(lead)
  end
  put(lead, 'released', nil)
  rest(lead)
end
