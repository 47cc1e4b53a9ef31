--[[
  The log knows better: puts a lead back as its last event says, and drops what
  the board believed beyond that.

  ARGV[1] lead  [2] sequence of the event in the log  [3] payload, or '' to leave it
  ARGV[4] how many words of memory follow, in fours: what, route, value, id of its event
  then    how many words of what agents were given follow, in fours: agent, since, how, counted
  then    fields and values after the event

  Says repaired | newer (the board is already at that event or beyond, in
     agreement; what it has waiting follows on that)
]]
local lead = open(LEAD, ARGV[1])
if tonumber(lead.is.seq or '0') >= tonumber(ARGV[2]) then return reply('newer', lead) end

if lead.is.state then
  resolve_all(lead, 'withdrawn')
  leave_queues(lead)
end
for _, id in ipairs(split(lead.is.unsent, ' ')) do redis.call('XDEL', OUTBOX, id) end
for field in pairs(lead.is) do put(lead, field, nil) end

local memory = 5
local given = memory + tonumber(ARGV[4]) + 1
local fields = given + tonumber(ARGV[given - 1])
for i = fields, #ARGV, 2 do put(lead, ARGV[i], ARGV[i + 1]) end
put(lead, 'seq', ARGV[2])

local is = lead.is
local asked = split(is.pending, ',')
for _, agent in ipairs(asked) do redis.call('ZADD', OFFERS, 0, member(lead, agent)) end
if #asked == 1 and not is.ball then redis.call('ZADD', RESERVED, 0, member(lead, asked[1])) end
wait(lead)
if is.state == 'pooled' or is.state == 'held' and is.why then
  if not is.rested then put(lead, 'rested', int(now)) end
  redis.call('ZADD', POOL, 0, resting(lead))
end
if is.state == 'assigned' then
  if not is.since then put(lead, 'since', int(now)) end
  redis.call('ZADD', OWNED, 0, member(lead, is.agent))
  count_taken(lead)
end
for i = given, fields - 1, 4 do
  local agent, since, how, counted = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local was = { entity = is.entity, agent = agent, since = since, how = how, counted = counted ~= '' and counted or nil }
  count_taken({ id = lead.id, is = was })
end
-- An inquiry on another lead stands in no list.
if is.received and not is.of then redis.call('ZADD', LEADS, is.received, lead.id) end
if ARGV[3] ~= '' then redis.call('SET', PAYLOAD, ARGV[3]) end
-- The route may have moved on since: only what is newer counts.
for i = memory, given - 2, 4 do
  local thing, id = ARGV[i] .. ':' .. memory_of(lead, ARGV[i + 1]), ARGV[i + 3]
  local before = redis.call('HGET', TURNS, 'at:' .. thing) or '0-0'
  local ms, number = string.match(id, '(%d+)-(%d+)')
  local ms_before, number_before = string.match(before, '(%d+)-(%d+)')
  local later = tonumber(ms) - tonumber(ms_before)
  if later > 0 or later == 0 and tonumber(number) > tonumber(number_before) then
    remember(memory_of(lead, ARGV[i + 1]), ARGV[i], ARGV[i + 2])
    redis.call('HSET', TURNS, 'at:' .. thing, id)
  end
end
return reply('repaired', lead)
