--[[
  The log knows better: puts leads back as the last of their events says, and
  drops what the board believed beyond that. Also what limits count, what routes
  remember and how people are recognised comes back, where nothing newer stands.

  ARGV[1] who catches the partition up, or '' if this is only about these leads
  ARGV[2] 1: also what seems to stand there already, if nothing of it is on its way to the log
  ARGV[3] for how many ms leads stay on the board that are over, or '' for ever: of those that have left it only what
          they made others remember comes back
  then    for every lead: lead, entity, sequence of its last event in the log, outbox id of that event, payload or '' to
          leave it; then four lists, each with its length first: memory in fours: what, route, value, id of its event;
          what agents were given in fours: agent, since, how, counted; marks of the person in twos: mark, ms until it
          is forgotten; fields and values after the event

  Says repaired, how many (others are at that event already or beyond, in agreement; what they have waiting follows on that)
     | lost (somebody else catches up, or nobody does any more)
]]
local prefix, who, forced = string.match(CLOCK, '^.*}:'), ARGV[1], ARGV[2] == '1'
if who ~= '' then
  if redis.call('HGET', CLOCK, 'by') ~= who then return { 'lost', 0 } end
  local time = redis.call('TIME')
  redis.call('HSET', CLOCK, 'beat', int(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)))
end

local kept = tonumber(ARGV[3])
local function has_aged_out(lead, told) return kept and not lead.is.state and is_over(told.is, now - kept) end

local at = 3
local function take()
  at = at + 1
  return ARGV[at]
end
local function take_list()
  local list = {}
  for i = 1, tonumber(take()) do list[i] = take() end
  return list
end

-- The event is one that is on its way to the log, and has just arrived there.
local function arrives(lead, told)
  local waiting, version = split(lead.is.unsent, ' '), tonumber(lead.is.version or '0')
  for i, id in ipairs(waiting) do
    if id == told.id and version - (#waiting - i) == tonumber(told.is.version) then
      for _ = 1, i do redis.call('XDEL', OUTBOX, table.remove(waiting, 1)) end
      put(lead, 'unsent', waiting[1] and table.concat(waiting, ' ') or nil)
      put(lead, 'seq', told.sequence)
      save(lead)
      return true
    end
  end
end

local function stands(lead, told)
  local at, last = tonumber(lead.is.seq or '0'), tonumber(told.sequence)
  if forced and at == last and not lead.is.unsent then return false end
  return at >= last or arrives(lead, told)
end

-- What is to stand in the lists, by list: a call costs more than a place in one.
local placed = {}
local AT_ONCE = 1000
local function stand_in(list, score, one)
  local places = placed[list] or {}
  placed[list] = places
  places[#places + 1] = score
  places[#places + 1] = one
end
local function place_all()
  for list, places in pairs(placed) do
    for i = 1, #places, AT_ONCE do
      redis.call('ZADD', list, unpack(places, i, math.min(i + AT_ONCE - 1, #places)))
    end
  end
end

local function count(lead)
  if is_counted(lead) and tonumber(lead.is.since) >= now - KEPT then stand_in(TAKEN, 0, taking(lead)) end
end

local function queue(lead, given)
  local is = lead.is
  local asked = split(is.pending, ',')
  for _, agent in ipairs(asked) do stand_in(OFFERS, 0, member(lead, agent)) end
  if #asked == 1 and not is.ball then stand_in(RESERVED, 0, member(lead, asked[1])) end
  for _, place in ipairs(kept_for_undo(lead)) do stand_in(RESERVED, 0, place) end
  local due = due_at(lead)
  if due then stand_in(DEADLINES, int(due), lead.id) end
  if is.state == 'pooled' or is.state == 'held' and is.why and not is['until'] then
    if not is.rested then put(lead, 'rested', int(now)) end
    stand_in(POOL, 0, resting(lead))
  end
  if is.state == 'assigned' then
    if not is.since then put(lead, 'since', int(now)) end
    stand_in(OWNED, 0, member(lead, is.agent))
    if #given == 0 then count(lead) end
  end
  -- An inquiry on another lead stands in no list that is shown, unless it was let go before it became one.
  if is.received then stand_in((not is.of or is.released) and LEADS or inquiries(), is.received, lead.id) end
end

local function count_given(lead, given)
  for i = 1, #given, 4 do
    local agent, since, how, counted = given[i], given[i + 1], given[i + 2], given[i + 3]
    local was = { entity = lead.is.entity, agent = agent, since = since, how = how, counted = counted ~= '' and counted or nil }
    count({ id = lead.id, is = was })
  end
end

local function is_newer(id, before)
  local ms, number = string.match(id, '(%d+)-(%d+)')
  local ms_before, number_before = string.match(before, '(%d+)-(%d+)')
  local later = tonumber(ms) - tonumber(ms_before)
  return later > 0 or later == 0 and tonumber(number) > tonumber(number_before)
end

-- The newest of what these leads made their routes remember, by thing.
local newest = {}
local function remind(lead, memory)
  for i = 1, #memory, 4 do
    local what, whose, id = memory[i], memory_of(lead, memory[i + 1]), memory[i + 3]
    local thing = what .. ':' .. whose
    if not newest[thing] or is_newer(id, newest[thing].id) then
      newest[thing] = { what = what, whose = whose, value = memory[i + 2], id = id }
    end
  end
end
-- The route may have moved on since: only what is newer counts.
local function remember_all()
  for thing, told in pairs(newest) do
    if is_newer(told.id, redis.call('HGET', TURNS, 'at:' .. thing) or '0-0') then
      remember(told.whose, told.what, told.value)
      redis.call('HSET', TURNS, 'at:' .. thing, told.id)
    end
  end
end

-- The person may have come back since, with another lead. They are known by the lead
-- that took this one in.
local function introduce(lead, marks)
  local whose = lead.is.of or lead.id
  for i = 1, #marks, 2 do
    local key, left = prefix .. 'person:' .. lead.is.entity .. ':' .. marks[i], tonumber(marks[i + 1]) - now
    local id = redis.call('GET', key)
    local since = id and id ~= whose and tonumber(redis.call('HGET', prefix .. 'lead:' .. id, 't0') or '0') or 0
    if left > 0 and since <= tonumber(lead.is.t0) then redis.call('SET', key, whose, 'PX', int(left)) end
  end
end

local function pay(lead, told)
  if told.payload ~= '' then redis.call('SET', prefix .. 'payload:' .. lead.id, told.payload) end
  if told.is.erased then redis.call('DEL', prefix .. 'payload:' .. lead.id) end
end

-- Of a lead that is nowhere nothing has to be compared or taken away.
local function put_anew(lead, told)
  lead.is = told.is
  queue(lead, told.given)
  redis.call('HSET', lead.key, 'seq', told.sequence, unpack(told.fields))
  pay(lead, told)
  save(lead)
end

-- What was given and the log does not know counts no more. What it does know comes back, if all
-- events are told: whoever catches up may not have those from before.
local function uncount(lead)
  if who == '' and lead.is.agent and lead.is.since then redis.call('ZREM', TAKEN, taking(lead)) end
end

-- What the board alone believed goes. An inquiry that only stood in that is none any more: if the
-- log has nothing of it, it comes again from LEADS; else it is behind the log now.
local function drop(id)
  local entry = redis.call('XRANGE', OUTBOX, id, id)[1]
  redis.call('XDEL', OUTBOX, id)
  local inquiry = entry and string.match(entry[2][2], '\31inquiry\31([^\31]+)')
  if not inquiry then return end
  inquiry = open(prefix .. 'lead:' .. inquiry, inquiry)
  for _, unsent in ipairs(split(inquiry.is.unsent, ' ')) do redis.call('XDEL', OUTBOX, unsent) end
  if inquiry.is.seq then
    put(inquiry, 'seq', '0')
    put(inquiry, 'unsent', nil)
    save(inquiry)
  else
    redis.call('DEL', inquiry.key, prefix .. 'payload:' .. inquiry.id)
    redis.call('ZREM', inquiries(), inquiry.id)
  end
end

local function put_back(lead, told)
  uncount(lead)
  if lead.is.state then
    resolve_all(lead, 'withdrawn')
    leave_queues(lead)
  end
  for _, id in ipairs(split(lead.is.unsent, ' ')) do drop(id) end
  local before = {}
  for field in pairs(lead.is) do before[#before + 1] = field end
  for _, field in ipairs(before) do
    if told.is[field] == nil then put(lead, field, nil) end
  end
  for field, value in pairs(told.is) do put(lead, field, value) end
  put(lead, 'seq', told.sequence)
  queue(lead, told.given)
  pay(lead, told)
  save(lead)
end

local function bring_back(lead, told)
  local is = told.is
  if is.credited and is.agent and is.since then redis.call('ZREM', TAKEN, taking({ id = lead.id, is = is })) end
  count_given(lead, told.given)
  remind(lead, told.memory)
  introduce(lead, told.marks)
end

local repaired = 0
while at < #ARGV do
  local id, entity = take(), take()
  local told = { sequence = take(), id = take(), payload = take(), memory = take_list(), given = take_list(), marks = take_list(), fields = take_list(), is = {} }
  local fields = told.fields
  for i = 1, #fields, 2 do told.is[fields[i]] = fields[i + 1] end
  LEADS, POOL = prefix .. 'leads:' .. entity, prefix .. 'pool:' .. entity
  local lead = open(prefix .. 'lead:' .. id, id)
  local is_gone = has_aged_out(lead, told)
  local is_behind = not is_gone and not stands(lead, told)
  if is_gone then
    lead.is = told.is
  elseif is_behind then
    local stand_as = next(lead.is) and put_back or put_anew
    stand_as(lead, told)
    repaired = repaired + 1
  end
  if is_behind or is_gone or forced then bring_back(lead, told) end
end
place_all()
remember_all()
return { 'repaired', repaired }
