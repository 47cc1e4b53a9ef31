--[[
  The shortest way for the most common thing: a new lead, offered to whoever's
  turn it is, where the list is as it was and nobody is owed a lead, is known or
  has limits. What it writes and says is what the long way below would, which
  takes three times as long; whatever is otherwise goes that way.

  KEYS and ARGV as in `place.lua`; the plan's words as in `carry_out.lua`.
]]
-- Whose turn it is, and who follows on the list.
local function next_on(order, barred, whose)
  if not whose or contains(barred, whose) then return nil end
  local following = behind(order, whose)
  return following and whose, following
end

local function offer_straight(id, entity, payload, route, order)
  local whose = entity .. '|' .. route
  local memory = redis.call('HMGET', TURNS, 'credit:' .. whose, 'list:' .. whose, 'next:' .. whose)
  if memory[1] or memory[2] ~= order then return nil end
  local agent, following = next_on(order, ARGV[25], memory[3])
  if not agent then return nil end

  local window, at = tonumber(ARGV[16]), int(now)
  local by_then, mine = int(now + window), entity .. '|' .. agent .. '|' .. id
  local source = ARGV[3] ~= '' and '\31source\31' .. ARGV[3] or ''
  local of_all = '\31lead\31' .. id .. '\31at\31' .. at .. '\31entity\31' .. entity .. source .. '\31received\31'
    .. ARGV[4] .. '\31t0\31' .. at .. '\31inquiries\0311'
  local along = string.match(ARGV[22], '[^:]*$')
  local route_gives = (ARGV[21] ~= '' and '\31plan\31' .. ARGV[21] or '') .. (along ~= '' and '\31along\31' .. along or '')

  redis.call('SET', PAYLOAD, payload)
  redis.call('ZADD', LEADS, ARGV[4], id)
  local received = 'type\31lead.received' .. of_all .. '\31state\31held\31version\0311\31payload\31' .. payload
  local first = redis.call('XADD', OUTBOX, '*', 'event', received)
  local offered = 'type\31lead.offered' .. of_all .. '\31state\31offered\31version\0312\31route\31' .. route
    .. '\31round\0311\31until\31' .. by_then .. '\31window\31' .. int(window) .. '\31pending\31' .. agent
    .. '\31first\31' .. at .. '\31reroutes\31' .. ARGV[17] .. '\31firsts\31' .. agent .. route_gives
    .. '\31decision\31' .. ARGV[18] .. '\31picked_by\31' .. ARGV[14] .. '\31agents\31' .. agent
    .. '\31memory\31next=' .. following .. ';list=' .. order
  local second = redis.call('XADD', OUTBOX, '*', 'event', offered)
  redis.call('HSET', TURNS, 'next:' .. whose, following, 'at:next:' .. whose, second)
  redis.call('ZADD', DEADLINES, by_then, id)
  redis.call('ZADD', OFFERS, 0, mine)
  redis.call('ZADD', RESERVED, 0, mine)
  local unsent = first .. ' ' .. second
  local fields = {
    'entity', entity, 'state', 'offered', 'received', ARGV[4], 't0', at, 'inquiries', '1', 'version', '2',
    'route', route, 'first', at, 'reroutes', ARGV[17], 'round', '1', 'until', by_then, 'window', int(window),
    'pending', agent, 'firsts', agent, 'unsent', unsent,
  }
  for name, value in pairs({ source = ARGV[3], plan = ARGV[21], along = along }) do
    if value ~= '' then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  redis.call('HSET', LEAD, unpack(fields))
  return { 'placed', '', id, '0', unsent, { { first, received }, { second, offered } } }
end

-- Asked to, for nobody who could be known, without limits and tags; at most one who goes along.
local is_plain = ARGV[6] == 'no' and ARGV[10] == 'step' and ARGV[13] == 'turn' and ARGV[15] == '' and ARGV[19] == '1'
  and ARGV[20] == '' and ARGV[27] == '' and not string.find(ARGV[22], '[,;]')
if is_plain and redis.call('EXISTS', LEAD) == 0 then
  local said = offer_straight(ARGV[1], ARGV[2], ARGV[5], ARGV[12], ARGV[24])
  if said then return said end
end
