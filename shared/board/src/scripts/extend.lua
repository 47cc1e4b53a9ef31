--[[
  Nobody swept for a while: a deadline that fell into the gap is put off by the
  gap, at most by its own length, so that no agent loses a lead because we were
  away.

  ARGV[1] lead  [2] when the gap began, ms  [3] when it ended, ms

  Says extended | fine
]]
local lead = open(LEAD, ARGV[1])
local due = tonumber(lead.is['until'] or '0')
local began, ended = tonumber(ARGV[2]), tonumber(ARGV[3])
if lead.is.state ~= 'offered' or not lead.is.pending or due <= began or due > ended then return reply('fine', lead) end

local due_now = now + math.min(ended - began, tonumber(lead.is.window or '0'))
put(lead, 'until', int(due_now))
redis.call('ZADD', DEADLINES, due_now, lead.id)
emit(lead, 'offer.extended', { 'agents', lead.is.pending })
return reply('extended', lead)
