--[[
  The log knows better: puts a lead back as its last event says, and drops what
  the board believed beyond that.

  ARGV[1] lead  [2] sequence of the event in the log  [3] memory of the route, or ''
  ARGV[4] payload, or '' to leave it  [5…] fields and values after the event

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
for i = 5, #ARGV, 2 do put(lead, ARGV[i], ARGV[i + 1]) end
put(lead, 'seq', ARGV[2])

local is = lead.is
local asked = split(is.pending, ',')
for _, agent in ipairs(asked) do redis.call('ZADD', OFFERS, 0, member(lead, agent)) end
if #asked == 1 then redis.call('ZADD', RESERVED, 0, member(lead, asked[1])) end
if is.state == 'offered' then redis.call('ZADD', DEADLINES, is['until'] or now, lead.id) end
if is.state == 'pooled' then redis.call('ZADD', POOL, now, lead.id) end
if is.state == 'assigned' then
  if not is.since then put(lead, 'since', int(now)) end
  redis.call('ZADD', OWNED, 0, member(lead, is.agent))
  count_taken(lead)
end
if is.received then redis.call('ZADD', LEADS, is.received, lead.id) end
if ARGV[4] ~= '' then redis.call('SET', PAYLOAD, ARGV[4]) end
for what, value in string.gmatch(ARGV[3], '(%w+)=([^;]+)') do
  redis.call('HSET', TURNS, what .. ':' .. is.entity .. '|' .. is.route, value)
end
return reply('repaired', lead)
